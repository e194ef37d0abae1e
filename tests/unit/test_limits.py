"""A limit has one spelling: the option, the project file and the plan file agree on every value."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.cli.options import CatalogChoice, PolicyChoice
from kaiten_sync.cli.session import plan_request
from kaiten_sync.errors import PlanFileError, UsageError
from kaiten_sync.model.canonical import digest
from kaiten_sync.model.settings import Limit, Policy
from kaiten_sync.pipeline import read_project
from kaiten_sync.plan.plan_file import read_plan, write_plan
from kaiten_sync.validate import load_schema

GOOD = [
    ("0%", Limit(percent=0)),
    ("05%", Limit(percent=5)),
    ("30%", Limit(percent=30)),
    ("100%", Limit(percent=100)),
    ("0", Limit(count=0)),
    ("7", Limit(count=7)),
    ("999999999", Limit(count=999_999_999)),
    ("9999999999", Limit(count=9_999_999_999)),
    ("9007199254740992", Limit(count=2**53)),
]
BAD = [
    "",
    "%",
    " 30%",
    "30% ",
    "30%\n",
    "30 %",
    "30%%",
    "-1",
    "-1%",
    "+5",
    "5.0",
    "30.5%",
    "1e3",
    "1_000",
    "0x10",
    "101%",
    "007%",
    "٣٠%",
    "٣٠",
    "³%",
    "３０%",
    "many",
    "true",
    "9007199254740993",
    "9" * 400,
]
CATALOG = CatalogChoice(files=(), project=None)
FLAGS = PolicyChoice(prune=None, max_deletes=None, max_updates=None, previous=None, allow=())
PLAN = json.loads(
    write_plan(proposal(desired(declared("group/new", name="New")), live_state()).plan)
)

Entrance = Callable[[str, Path], Limit | None]


def from_option(text: str, _folder: Path) -> Limit | None:
    try:
        return plan_request(CATALOG, FLAGS.changed(max_deletes=text)).overrides.max_deletes
    except UsageError:
        return None


def from_project_file(text: str, folder: Path) -> Limit | None:
    path = folder / "kaiten-sync.yaml"
    policy = f"policy: {{maxDeletes: {as_json(text)}}}"
    path.write_text(f"version: 1\ncatalog: [catalog/]\n{policy}\n", encoding="utf-8")
    project, findings = read_project(path)
    assert (project is None) == bool(findings)
    return project.policy.max_deletes if project else None


def from_plan_file(text: str, _folder: Path) -> Limit | None:
    document = {**PLAN, "guards": {**PLAN["guards"], "maxDeletes": json.loads(as_json(text))}}
    document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    try:
        plan = read_plan(json.dumps(document).encode())
    except PlanFileError:
        return None
    assert json.loads(write_plan(plan))["guards"]["maxDeletes"] == plan.guards.max_deletes.value
    return plan.guards.max_deletes


def as_json(text: str) -> str:
    """The option's text as a file writes it: a count as a number, all else as text."""
    return str(int(text)) if text.isascii() and text.isdigit() else json.dumps(text)


ENTRANCES = (from_option, from_project_file, from_plan_file)


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize(("text", "expected"), [*GOOD, *((text, None) for text in BAD)])
def test_a_limit_means_the_same_at_every_entrance(
    entrance: Entrance, text: str, expected: Limit | None, tmp_path: Path
) -> None:
    assert entrance(text, tmp_path) == expected


@pytest.mark.parametrize("name", ["maxDeletes", "maxUpdates", "maxMoves"])
@pytest.mark.parametrize(
    "value", ["true", "null", "5.0", "[]", "{}", "-1", "9007199254740993", "5.5", "101%", "'5'"]
)
def test_a_project_says_of_every_limit_what_it_has_to_be(
    name: str, value: str, tmp_path: Path
) -> None:
    path = tmp_path / "kaiten-sync.yaml"
    path.write_text(f"version: 1\ncatalog: [catalog/]\npolicy: {{{name}: {value}}}\n")
    project, (finding,) = read_project(path)
    assert project is None
    if finding.rule != "number-too-large":
        assert finding.message.startswith(f"`{name}` must be a share from 0% to 100%")


def test_the_option_refuses_what_is_ambiguous_in_a_file() -> None:
    assert from_option("05", Path()) is None


@pytest.mark.parametrize("value", [True, None, 5.0, [], {}, -1, 2**53 + 1, 1e300])
def test_files_refuse_other_json(value: object) -> None:
    document = {**PLAN, "guards": {**PLAN["guards"], "maxDeletes": value}}
    document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    with pytest.raises(PlanFileError):
        read_plan(json.dumps(document).encode())


@pytest.mark.parametrize("text", [*(text for text, _ in GOOD), *BAD])
@pytest.mark.parametrize("name", ["plan", "project"])
def test_the_schemas_know_the_same_limits(name: str, text: str) -> None:
    limit = load_schema(name)["$defs"]["limit"]
    is_good = text in dict(GOOD)
    is_newline = text.endswith("\n")  # Python's `$` matches before it, JSON Schema's does not
    assert Draft202012Validator(limit).is_valid(json.loads(as_json(text))) is (
        is_good or is_newline
    )


def test_the_default_limit_is_read_back() -> None:
    assert Policy().max_deletes.value == "30%"
