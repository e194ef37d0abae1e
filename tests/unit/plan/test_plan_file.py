"""Plan files: committed ones keep their bytes, and hostile ones end in an error that says where."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.catalog import live
from tests.support.forgeries import sealed
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.errors import PlanFileError
from kaiten_sync.model.canonical import digest
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.settings import Limit, Policy, Prune
from kaiten_sync.model.value import ABSENT
from kaiten_sync.plan.plan_file import (
    check_target,
    read_plan,
    read_written_plan,
    write_plan,
)

COMMITTED = sorted((Path(__file__).parents[3] / "examples" / "plans").rglob("*.plan.json"))
HALF = Policy(prune=Prune.ALL, max_deletes=Limit(count=9), max_updates=Limit(percent=100))
PLAN = proposal(
    desired(
        declared("group/new", name="New"),
        declared("entitlement/calls", name="API calls", type="NUMBER", description=None),
        declared("entitlement/look", name="Look", type="CONFIG"),
        declared("license/growth", name="Growth", type="PAID", lifecycleState="PUBLISHED"),
        declared("license/growth/grant/look", value={"theme": {"dark": [1, 2.5, None, "é"]}}),
    ),
    live_state(
        live("group/old", name="Old"),
        live("entitlement/calls", name="Calls", type="NUMBER", description="Metered"),
        live("entitlement/look", name="Look", type="CONFIG"),
        live("license/growth", name="Growth", type="PAID", lifecycleState="DRAFT"),
        live("license/growth/grant/look", value={"theme": {"dark": [1]}}),
    ),
    HALF,
).plan
DOCUMENT = json.loads(write_plan(PLAN))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
def test_a_committed_plan_keeps_its_bytes(path: Path) -> None:
    content = path.read_bytes()
    assert write_plan(read_plan(content)) == content


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
def test_a_plan_is_the_same_one_in_other_bytes(path: Path) -> None:
    """Only that of its own bytes is read change by change."""
    content = path.read_bytes()
    assert read_plan(json.dumps(json.loads(content)).encode()) == read_plan(content)


@pytest.mark.parametrize("size", [1, 7, 100, 10_000_000])
@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.name)
def test_a_plan_is_the_same_one_in_whatever_pieces(path: Path, size: int) -> None:
    content = path.read_bytes()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    found = read_written_plan(lambda: iter(pieces))
    # Those of holders, which are short, are always read whole.
    assert found == (None if b'"kind": "migration"' in content else read_plan(content))


def test_a_file_that_changes_while_it_is_read_is_read_again_as_a_whole() -> None:
    content = write_plan(PLAN)
    other = content.replace(b"API calls", b"Requests!")
    for contents in ((other, content), (content, other), (content, content + b" ")):
        reading = iter(contents)
        assert read_written_plan(lambda: iter([next(reading)])) is None  # noqa: B023


def test_there_are_committed_plans_to_try() -> None:
    assert len(COMMITTED) >= 4


def test_absent_null_and_a_value_stay_three_things() -> None:
    again = read_plan(write_plan(PLAN))
    assert again == PLAN
    assert write_plan(again) == write_plan(PLAN)
    fields = {(c.id, f.name): f for c in again.changes for f in c.fields}
    cleared = fields["update:entitlement/calls", "description"]
    assert (cleared.before, cleared.after) == ("Metered", None)
    assert fields["create:group/new", "name"].before is ABSENT
    assert fields["update:license/growth/grant/look", "value"].inner
    assert {each.fields is None for each in again.observed} == {True, False}


def nested(levels: int, brackets: str = "[]") -> str:
    return brackets[0] * levels + brackets[1] * levels


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Expecting value"),
        ("{}".encode("utf-16"), "it is UTF-16"),
        (b'{"a": "\xe9"}', "it is not UTF-8"),
        (b"\xef\xbb\xbf{}", "it begins with a byte order mark"),
        (b"null", "it is not a JSON object"),
        (b"[]", "it is not a JSON object"),
        (b'{"formatVersion": 1', "delimiter"),
        (b"{} {}", "Extra data"),
        (b'{"a": 1, "a": 1}', "duplicate key 'a'"),
        (b'{"a": {"b": {"c": 1, "c": 2}}}', "duplicate key 'c'"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1e999}', "1e999 is too large"),
        (b'{"a": [-1e999]}', "-1e999 is too large"),
        (b'{"a": %s}' % (b"9" * 5000), "a number has more than 4,300 digits"),
        (b'{"a": "\\ud800"}', "\\ud800, which is half of a character"),
        (b'{"\\udfff": 1}', "\\udfff, which is half of a character"),
        (b'{"a": ["\\uD83D\\uDE00", "\\udE00"]}', "\\ude00, which is half of a character"),
        (nested(100_000).encode(), "nested too deeply"),
        (b'{"a": %s}' % nested(100_000).encode(), "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_not_strict_json_is_not_a_plan_file(content: bytes, says: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(content)
    assert caught.value.message.startswith("not a plan file: ")
    assert says in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("content", "is_what"),
    [
        (b"version: 1\nlicenses: {}\n", "it is not JSON"),
        (b'{"version": 1, "licenses": {}}', "this is a catalog"),
        (b'{"formatVersion": 1, "planDigest": "sha256:0", "outcomes": []}', "a report or receipt"),
        (b'{"version": 1, "catalog": [], "targets": {}}', "this is a project file"),
    ],
)
def test_another_of_our_files_is_called_by_its_name(content: bytes, is_what: str) -> None:
    with pytest.raises(PlanFileError, match=is_what) as caught:
        read_plan(content)
    assert "kaiten-sync plan -o" in str(caught.value.hint)


def test_a_plan_file_larger_than_the_limit_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kaiten_sync.plan.plan_file.SIZE_LIMIT_BYTES", 10)
    with pytest.raises(PlanFileError, match="larger than 256 MiB"):
        read_plan(write_plan(PLAN))


REMOVED = "(removed)"
LONG = "x" * 10_001
FAULTS: list[tuple[str, object, str]] = [
    ("formatVersion", True, "formatVersion: Expected `int`, got `bool`"),
    ("formatVersion", 1.0, "formatVersion: Expected `int`, got `float`"),
    ("formatVersion", "1", "format version '1'"),
    ("formatVersion", REMOVED, "not a plan file: it has no `formatVersion`"),
    ("surprise", 1, "the document: Object contains unknown field `surprise`"),
    ("requests", REMOVED, "the document: Object missing required field `requests`"),
    ("requests", None, "requests: Expected `int`, got `null`"),
    ("requests", True, "requests: Expected `int`, got `bool`"),
    ("requests", 5.0, "requests: Expected `int`, got `float`"),
    ("requests", "5", "requests: Expected `int`, got `str`"),
    ("requests", -(10**400), "requests: Expected `int` >= 0"),
    ("warnings", "none", "warnings: Expected `array`, got `str`"),
    ("warnings/0", 7, "warnings[0]: Expected `str`, got `int`"),
    ("desiredDigest", "sha256:0", "desiredDigest: not a digest"),
    ("target", [], "target: Expected `object`, got `array`"),
    ("target/url", None, "target.url: Expected `str`, got `null`"),
    ("target/token", "x", "target: Object contains unknown field `token`"),
    ("changes", {}, "changes: Expected `array`, got `object`"),
    ("changes/0", None, "changes[0]: Expected `object`, got `null`"),
    ("changes/1/address", "license/../x", "changes[1]: not an address: 'license/../x'"),
    ("changes/1/address", "license/..", "changes[1]: not an address: 'license/..'"),
    ("changes/1/id", "update:license/other", "changes[1]: the id of"),
    ("changes/1/action", "destroy", "changes[1]: action: 'destroy' is not an action of the kind"),
    ("changes/1/effect", 3, "changes[1].effect: Expected `str`, got `int`"),
    ("changes/1/reason", None, "changes[1].reason: Expected `str`, got `null`"),
    ("changes/1/reason", LONG, "changes[1].reason: Expected `str` of length <= 10000"),
    ("changes/1/source/file", LONG, "source.file: Expected `str` of length <= 10000"),
    ("changes/1/source/through", [LONG], "source.through[0]: Expected `str` of length <= 10000"),
    ("warnings/0", LONG, "warnings[0]: Expected `str` of length <= 10000"),
    ("target/name", LONG, "target.name: Expected `str` of length <= 10000"),
    ("changes/1/source/line", 0, "changes[1].source.line: Expected `int` >= 1"),
    ("changes/1/dependsOn/0", [], "changes[1].dependsOn[0]: Expected `str`, got `array`"),
    ("changes/1/fields/0/effect", "x", "changes[1].fields[0].effect: Invalid enum value 'x'"),
    ("changes/1/fields/0/name", "price", "has no field 'price'"),
    ("changes/1/fields/0/inner", [{}], "changes[1].fields[0].inner[0]: Object missing required"),
    ("observed/0/exists", "yes", "observed[0].exists: Expected `bool`, got `str`"),
    ("observed/0/exists", None, "observed[0].exists: Expected `bool`, got `null`"),
    ("observed/0/unheld", False, "observed[0]: `unheld` is true or left out"),
    ("managed/..\x1b[2J", "0123456789abcdef", "managed: not an address: '..\\x1b[2J'"),
    ("managed/license~..", "0123456789abcdef", "managed: not an address: 'license/..'"),
    ("managed/license~a", "short", "managed.license/a: not a fingerprint"),
    ("managed/license~a", 10**400, "managed[...]: Expected `str`, got `int`"),
    ("summary/actions/explode", 1, "summary.actions: 'explode' is not an action"),
    ("summary/actions/create", 0, "summary.actions[...]: Expected `int` >= 1"),
    ("summary/unchanged", 1e300, "summary.unchanged: Expected `int`, got `float`"),
    ("guards/maxDeletes", "٣٠%", "guards.maxDeletes: a limit must be a share"),
    ("guards/maxDeletes", 10**400, "guards.maxDeletes: Expected `int` <= 9007199254740992"),
    ("guards/maxDeletes", None, "guards.maxDeletes: Expected `int | str`, got `null`"),
    ("guards/population/plan", 1, "guards.population: 'plan' is not a kind"),
    ("guards/protected/0", "license/..", "guards.protected[0]: not an address: 'license/..'"),
    ("digest", "sha256:00", "its digest does not match"),
]


def with_fault(place: str, value: object) -> bytes:
    """The document with one value replaced, added or removed, and sealed again."""
    document: Any = copy.deepcopy(DOCUMENT)
    document["changes"][1]["dependsOn"] = []
    holder, (*steps, last) = document, (step.replace("~", "/") for step in place.split("/"))
    for step in steps:
        holder = holder[int(step) if isinstance(holder, list) else step]
    if isinstance(holder, list):
        holder[int(last) :] = [value]
    elif value is REMOVED:
        del holder[last]
    else:
        holder[last] = value
    if place != "digest":
        document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    return json.dumps(document).encode()


@pytest.mark.parametrize(("place", "value", "says"), FAULTS, ids=lambda each: str(each)[:40])
def test_a_sealed_plan_with_a_fault_is_refused_by_its_place(
    place: str, value: object, says: str
) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(with_fault(place, value))
    assert says in caught.value.message
    assert len(caught.value.message) < 250


def test_deeply_nested_values_are_compared_without_a_traceback() -> None:
    with pytest.raises(PlanFileError, match="was something else before"):
        read_plan(with_fault("changes/3/fields/0/before", json.loads(nested(200))))


@pytest.mark.parametrize(
    "url", ["http://[1", "http://[1\n::error::x", "//[", "", "x" * 1000, "\u2100"]
)
def test_a_plan_can_name_any_text_as_its_server(url: str) -> None:
    plan = read_plan(sealed({**DOCUMENT, "target": {**DOCUMENT["target"], "url": url}}))
    with pytest.raises(PlanFileError, match="this plan is for"):
        check_target(plan, TargetRef(name=plan.target.name, url="http://127.0.0.1:6060"))
