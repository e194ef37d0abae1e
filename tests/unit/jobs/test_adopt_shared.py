"""Adopting grants that share their text: merge keys, anchors, aliases, `extends`, braces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.fakes.catalog import FakeCatalog, live

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.disk import Disk
from kaiten_sync.git import GitHistory
from kaiten_sync.jobs.adopting import AdoptRequest, adopt
from kaiten_sync.jobs.drifting import DriftRequest
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import NoProgress, Ports
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, load, read_catalog

HEAD = """\
version: 1
entitlements:
  calls: {name: Calls, type: NUMBER}
  seats: {name: Seats, type: NUMBER}
"""
CATALOGS = {
    "a bundle": """\
bundles:
  basics: {entitlements: {calls: 10, seats: 3}}
licenses:
  free: {name: Free, type: PAID, extends: basics}   # free
  pro:
    name: Pro
    type: PAID
    extends: free
""",
    "a merge key in the list": """\
licenses:
  free:
    name: Free
    type: PAID
    entitlements: &base
      calls: 10          # per month
      seats: 3
  pro:
    name: Pro
    type: PAID
    entitlements:
      <<: *base
      seats: 3           # as in free
""",
    "a merge key in braces": """\
licenses:
  free: {name: Free, type: PAID, entitlements: &base {calls: 10, seats: 3}}
  pro: {name: Pro, type: PAID, entitlements: {<<: *base}}
""",
    "a list that is an alias": """\
licenses:
  free: {name: Free, type: PAID, entitlements: &base {calls: 10, seats: 3}}
  pro:
    name: Pro
    type: PAID
    entitlements: *base   # the same
""",
    "a merge key in the license": """\
licenses:
  free: &free
    name: Free
    type: PAID
    entitlements:
      calls: 10
      seats: 3
  pro:
    <<: *free
    name: Pro
""",
    "an anchored value": """\
licenses:
  free: {name: Free, type: PAID, entitlements: {calls: &ten 10, seats: 3}}
  pro:
    name: Pro
    type: PAID
    entitlements:
      calls: *ten   # as in free
      seats: 3
""",
    "an anchored map": """\
licenses:
  free: {name: Free, type: PAID, entitlements: {calls: &soft {value: 10}, seats: 3}}
  pro: {name: Pro, type: PAID, entitlements: {calls: *soft, seats: 3}}
""",
}
KEPT = {
    "as it is written, and where": (
        (
            "licenses:\n"
            "  free: {name: F, type: PAID, entitlements: {calls: 10k, seats: 3}}\n"
            "  pro: {name: P, type: PAID, extends: free, entitlements: {seats: 5}}\n"
        ),
        {"license/free/grant/calls": {"value": 7}},
        (
            "  free: {name: F, type: PAID, entitlements: {calls: 7, seats: 3}}\n"
            "  pro: {name: P, type: PAID, extends: free, entitlements: {seats: 5, calls: 10k}}\n"
        ),
    ),
    "by the first that inherits": (
        (
            "licenses:\n"
            "  free: {name: F, type: PAID, entitlements: {calls: 10, seats: 3}}\n"
            "  pro: {name: P, type: PAID, extends: free}\n"
            "  team: {name: T, type: PAID, extends: pro}\n"
        ),
        {"license/free/grant/calls": {"value": 7}},
        (
            "  free: {name: F, type: PAID, entitlements: {calls: 7, seats: 3}}\n"
            "  pro: {name: P, type: PAID, extends: free, entitlements: {calls: 10}}\n"
            "  team: {name: T, type: PAID, extends: pro}\n"
        ),
    ),
    "away, if the server grants a base more": (
        (
            "licenses:\n"
            "  free: {name: F, type: PAID, entitlements: {calls: 10}}\n"
            "  pro: {name: P, type: PAID, extends: free}\n"
        ),
        {"license/free/grant/seats": {"value": 7}},
        (
            "  free: {name: F, type: PAID, entitlements: {calls: 10, seats: 7}}\n"
            "  pro: {name: P, type: PAID, extends: free, entitlements: {seats: null}}\n"
        ),
    ),
    "by a list of its own, where null would be in a text that inherits nothing": (
        (
            "licenses:\n"
            "  one: {name: A, type: PAID, entitlements: {calls: 10, seats: 3}}\n"
            "  two: {name: B, type: PAID, extends: one, entitlements: &l {calls: 7}}\n"
            "  six: {name: C, type: PAID, entitlements: *l}\n"
        ),
        {"license/two/grant/seats": None},
        (
            "  one: {name: A, type: PAID, entitlements: {calls: 10, seats: 3}}\n"
            "  two: {name: B, type: PAID, extends: one, entitlements: &l {calls: 7, seats: null}}\n"
            "  six: {name: C, type: PAID, entitlements: {calls: 7}}\n"
        ),
    ),
    "by the text of an anchored value that null takes the place of": (
        (
            "licenses:\n"
            "  one: {name: A, type: PAID, entitlements: {calls: 10, seats: 3}}\n"
            "  two: {name: B, type: PAID, extends: one, entitlements: {seats: &three 3}}\n"
            "  six: {name: C, type: PAID, entitlements: {calls: *three}}\n"
        ),
        {"license/two/grant/seats": None},
        (
            "  one: {name: A, type: PAID, entitlements: {calls: 10, seats: 3}}\n"
            "  two: {name: B, type: PAID, extends: one, entitlements: {seats: null}}\n"
            "  six: {name: C, type: PAID, entitlements: {calls: &three 3}}\n"
        ),
    ),
}
GRANTS = ("free/grant/calls", "free/grant/seats", "pro/grant/calls", "pro/grant/seats")
EDITED = [edited for edited in product((False, True), repeat=len(GRANTS)) if any(edited)]


@dataclass(frozen=True)
class Connected:
    """A target whose live catalog is in memory."""

    catalog: FakeCatalog
    target: TargetRef = field(default=TargetRef("prod", "http://127.0.0.1"))
    overlays: tuple[str, ...] = ()

    @contextmanager
    def open(self) -> Iterator[FakeCatalog]:
        yield self.catalog


def workplace(folder: Path, catalog: FakeCatalog) -> Workspace:
    connect = cast(Any, lambda *_: Connected(catalog))
    return Workspace(
        folder=folder,
        project=None,
        connect=connect,
        connect_to_other=connect,
        takes_plans_only=lambda: None,
        left_out=lambda *_: (),
    )


@pytest.mark.parametrize("text", CATALOGS.values(), ids=CATALOGS)
def test_any_drifted_grants_are_adopted_for_their_licenses_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    source = CatalogSource(root=tmp_path, catalog=["c.yaml"])
    for edited in EDITED:
        path.write_text(HEAD + text, encoding="utf-8")
        objects = {
            str(address): live(str(address), **each.fields)
            for address, each in load(source).resources.items()
        }
        chosen = [f"license/{grant}" for grant, yes in zip(GRANTS, edited, strict=True) if yes]
        for number, name in enumerate(chosen):
            objects[name] = objects[name].changed(fields={"value": 100 + number})
        catalog = FakeCatalog(*objects.values())
        adoption = adopt(
            workplace(tmp_path, catalog),
            AdoptRequest(
                drift=DriftRequest(
                    files=("c.yaml",), plan="none", only=frozenset(map(parse_address, chosen))
                )
            ),
            cast(Ports, SimpleNamespace(files=Disk(), history=GitHistory(), progress=NoProgress())),
        )
        after = path.read_text(encoding="utf-8")
        assert adoption.obstacles == (), f"{chosen}: {adoption.obstacles}"
        found = read_catalog(catalog, scope=Scope(), progress=NoProgress())
        assert diff_catalog(load(source), found, Scope()).differences == (), after
        for line in (HEAD + text).splitlines():
            may_change = any(word in line for word in ("calls", "seats", "*", "extends"))
            assert may_change or line in after.splitlines()
            assert line.partition("#")[2] in after


@pytest.mark.parametrize("case", KEPT.values(), ids=KEPT)
def test_what_inherits_keeps_what_it_had(
    tmp_path: Path, case: tuple[str, dict[str, dict[str, int] | None], str]
) -> None:
    text, edited, expected = case
    assert adopted(tmp_path, HEAD + text, edited) == HEAD + "licenses:\n" + expected


UNITS = """\
version: 1
entitlements:
  disk: {name: Disk, type: NUMBER, unitSingular: byte, unitPlural: bytes}
  mail: {name: Mail, type: NUMBER, unitSingular: mail, unitPlural: mails}
licenses:
  free: {name: F, type: PAID, entitlements: {disk: 1GB, mail: {value: 5k mails, overagePercent: 9}}}
  pro: {name: P, type: PAID, extends: free, entitlements: {disk: 10 GiB}}
  max:
    name: M
    type: PAID
    extends: free
    entitlements:
      disk: unlimited   # for now
  old: {name: O, type: PAID, entitlements: {mail: 100}}
"""
WRITTEN = {
    "a unit": ("free", "disk", 2_500_000_000, "{disk: 2.5GB, "),
    "a unit in a map": ("free", "mail", 7000, "{value: 7k mails, "),
    "no prefix that fits": ("free", "mail", 7001, "{value: 7001 mails, "),
    "a space": ("pro", "disk", 3 * 2**30, "{disk: 3 GiB}"),
    "as others write it": ("max", "disk", 5 * 10**10, "disk: 50GB   # for now"),
    "a plain number": ("old", "mail", 2000, "{mail: 2000}"),
    "an inherited grant": ("pro", "mail", 6000, "{disk: 10 GiB, mail: 6k mails}"),
    "what others inherit": ("free", "mail", 6, "mail: {value: 5k mails, overagePercent: 9}"),
    "a new grant": ("old", "disk", 10**9, "{mail: 100, disk: 1GB}"),
    "unlimited": ("pro", "disk", "unlimited", "{disk: unlimited}"),
    "a fraction": ("pro", "disk", 0.5, "{disk: 0.5}"),
}


@pytest.mark.parametrize("case", WRITTEN.values(), ids=WRITTEN)
def test_a_number_is_written_as_the_files_write_it(
    tmp_path: Path, case: tuple[str, str, float | str, str]
) -> None:
    license_, slug, value, written = case
    after = adopted(tmp_path, UNITS, {f"license/{license_}/grant/{slug}": {"value": value}})
    changed = [line for line in after.splitlines() if line not in UNITS.splitlines()]
    assert any(written in line for line in changed), after


def adopted(folder: Path, text: str, edited: Mapping[str, Mapping[str, Any] | None]) -> str:
    """The file once what was edited, or is gone, is adopted: it declares exactly what is live."""
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    source = CatalogSource(root=folder, catalog=["c.yaml"])
    objects = {str(a): live(str(a), **each.fields) for a, each in load(source).resources.items()}
    objects |= {name: live(name, **fields) for name, fields in edited.items() if fields}
    catalog = FakeCatalog(*(each for name, each in objects.items() if edited.get(name, True)))
    adopt(
        workplace(folder, catalog),
        AdoptRequest(
            drift=DriftRequest(
                files=("c.yaml",), plan="none", only=frozenset(map(parse_address, edited))
            )
        ),
        cast(Ports, SimpleNamespace(files=Disk(), history=GitHistory(), progress=NoProgress())),
    )
    found = read_catalog(catalog, scope=Scope(), progress=NoProgress())
    assert diff_catalog(load(source), found, Scope()).differences == ()
    return path.read_text(encoding="utf-8")


FREE = "    entitlements: &base\n      calls: 10          # per month\n      seats: 3\n"
LOGS = {"license/free/grant/logs": {"value": 7}}
OWNED = {
    "the base gets one": (
        LOGS,
        f"{FREE}      logs: 7\n",
        "    entitlements:\n      seats: 5           # more\n      calls: 10\n",
    ),
    "what merges it loses one": (
        {"license/pro/grant/calls": None},
        FREE,
        "    entitlements:\n      seats: 5           # more\n",
    ),
    "what merges it loses one that it overrides": (
        {"license/pro/grant/seats": None},
        FREE,
        "    entitlements:\n      calls: 10\n",
    ),
    "the base gets one, and what merges it loses one": (
        {**LOGS, "license/pro/grant/calls": None},
        f"{FREE}      logs: 7\n",
        "    entitlements:\n      seats: 5           # more\n",
    ),
}
MERGED = CATALOGS["a merge key in the list"].replace(
    "3           # as in free", "5           # more"
)


@pytest.mark.parametrize("case", OWNED.values(), ids=OWNED)
def test_a_merged_list_is_written_out_if_it_must_differ(
    tmp_path: Path, case: tuple[dict[str, dict[str, int] | None], str, str]
) -> None:
    edited, base, merging = case
    after = adopted(tmp_path, HEAD + "  logs: {name: Logs, type: NUMBER}\n" + MERGED, edited)
    assert base in after
    assert after.endswith(merging)


ITSELF = {
    "the texts of a license": (
        "licenses:\n  pro:\n    name: &pro Pro\n    type: PAID\n    description: *pro   # later\n",
        {"license/pro": {"name": "New", "type": "PAID", "description": "Pro"}},
        "    name: &pro New\n    type: PAID\n    description: Pro   # later\n",
    ),
    "the numbers of a grant": (
        (
            "licenses:\n  pro: {name: P, type: PAID, entitlements:"
            " {calls: {value: &n 5, overagePercent: *n}}}\n"
        ),
        {"license/pro/grant/calls": {"value": 6, "overagePercent": 5}},
        "{value: &n 6, overagePercent: 5}",
    ),
    "the parts of a value": (
        (
            "licenses:\n  pro:\n    name: P\n    type: PAID\n    entitlements:\n"
            "      look:\n        value:\n          a: &a {k: 1, l: [1]}   # a\n"
            "          b: *a   # b\n          c: [*a, {<<: *a, m: 1}]\n"
        ),
        {
            "license/pro/grant/look": {
                "value": {
                    "a": {"k": 2, "l": [1]},
                    "b": {"k": 1, "l": [1]},
                    "c": [{"k": 1, "l": [1]}, {"k": 3, "l": [1], "m": 1}],
                }
            }
        },
        (
            "a: &a {k: 2, l: [1]}   # a\n          b: {<<: *a, k: 1}   # b\n"
            "          c: [{<<: *a, k: 1}, {<<: *a, m: 1, k: 3}]\n"
        ),
    ),
}


@pytest.mark.parametrize("case", ITSELF.values(), ids=ITSELF)
def test_what_an_object_shares_with_itself_changes_once(
    tmp_path: Path, case: tuple[str, dict[str, dict[str, Any]], str]
) -> None:
    text, edited, expected = case
    after = adopted(tmp_path, HEAD + "  look: {name: Look, type: CONFIG}\n" + text, edited)
    assert expected in after


GROUPS = {
    "one comes": (
        "\n      - bb   # b\n      - aa   # a",
        "abc",
        "- bb   # b\n      - aa   # a\n      - cc\n",
    ),
    "one goes": ("\n      - bb   # b\n      - aa   # a", "a", "groups:\n      - aa   # a\n"),
    "all go": (" # in\n      - bb   # b", "", "groups: [] # in\n"),
    "in brackets": (" [bb, aa]   # in", "ac", "groups: [aa, cc]   # in\n"),
    "none yet": (" null", "ab", "groups: [aa, bb]\n"),
}


@pytest.mark.parametrize("case", GROUPS.values(), ids=GROUPS)
def test_groups_change_one_by_one(tmp_path: Path, case: tuple[str, str, str]) -> None:
    written, there, after = case
    text = (
        "version: 1\ngroups: {aa: {name: Aa}, bb: {name: Bb}, cc: {name: Cc}}\n"
        f"entitlements:\n  calls:\n    name: Calls\n    type: NUMBER\n    groups:{written}\n"
    )
    fields = {"name": "Calls", "type": "NUMBER", "groups": [each * 2 for each in there]}
    assert adopted(tmp_path, text, {"entitlement/calls": fields}).endswith(after)


LEFT_BEHIND = {
    "a list": (
        (
            "  free:\n    name: F\n    type: PAID\n    entitlements: &all\n"
            "      calls: 10k   # all\n      seats: 3\n"
            "  pro: {name: P, type: PAID, entitlements: *all}\n"
        ),
        "  pro: {name: P, type: PAID, entitlements: &all {calls: 10k, seats: 3}}\n",
    ),
    "a license": (
        (
            "  free: &free\n    name: F\n    type: PAID\n    entitlements: {calls: 10}\n"
            "  pro:\n    <<: *free\n    name: P\n"
        ),
        "  pro:\n    <<: &free {name: F, type: PAID, entitlements: {calls: 10}}\n    name: P\n",
    ),
    "a text": (
        (
            "  free:\n    name: F\n    type: PAID\n    description: &text |\n"
            "      It's, all\n      of it\n"
            "  pro: {name: P, type: PAID, description: *text}\n"
        ),
        '  pro: {name: P, type: PAID, description: &text "It\'s, all\\nof it\\n"}\n',
    ),
}


@pytest.mark.parametrize("case", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_others_share_with_what_is_gone_is_handed_on(
    tmp_path: Path, case: tuple[str, str]
) -> None:
    text, after = (f"{HEAD}licenses:\n{each}" for each in case)
    grants = [slug for slug in ("calls", "seats") if slug in case[0]]
    gone = ["license/free", *(f"license/free/grant/{slug}" for slug in grants)]
    assert adopted(tmp_path, text, dict.fromkeys(gone)) == after


_SHARED_WITH_HEIR = (
    "bundles: {basics: {entitlements: {calls: 10}}}\nlicenses:\n"
    "  free: {name: F, type: PAID, extends: basics, entitlements: &l {calls: 10}}\n"
)
GONE_AND_INHERITED = {
    "null in a text that an heir shares": (
        f"{_SHARED_WITH_HEIR}  pro: {{name: P, type: PAID, extends: free, entitlements: *l}}\n",
        ["free"],
        (
            "&l {calls: null}}\n"
            "  pro: {name: P, type: PAID, extends: free, entitlements: {calls: 10}}\n"
        ),
    ),
    "null in an heir of what has null": (
        (
            f"{_SHARED_WITH_HEIR}  pro: {{name: P, type: PAID, extends: free}}\n"
            "  team: {name: T, type: PAID, entitlements: *l}\n"
        ),
        ["free", "pro"],
        (
            "&l {calls: null}}\n  pro: {name: P, type: PAID, extends: free}\n"
            "  team: {name: T, type: PAID, entitlements: {<<: *l, calls: 10}}\n"
        ),
    ),
    "null in an heir of what shares the text": (
        (
            "licenses:\n  free: {name: F, type: PAID, entitlements: &l {calls: 10, seats: 3}}\n"
            "  pro: {name: P, type: PAID, entitlements: *l}\n"
            "  team: {name: T, type: PAID, extends: pro}\n"
        ),
        ["free", "team"],
        (
            "&l {seats: 3}}\n  pro: {name: P, type: PAID, entitlements: {<<: *l, calls: 10}}\n"
            "  team: {name: T, type: PAID, extends: pro, entitlements: {calls: null}}\n"
        ),
    ),
}


@pytest.mark.parametrize("case", GONE_AND_INHERITED.values(), ids=GONE_AND_INHERITED)
def test_null_takes_away_what_is_still_inherited_and_nothing_else(
    tmp_path: Path, case: tuple[str, list[str], str]
) -> None:
    text, licenses, after = case
    gone = dict.fromkeys(f"license/{each}/grant/calls" for each in licenses)
    assert adopted(tmp_path, HEAD + text, gone).endswith(after)


def test_an_anchored_item_is_handed_on(tmp_path: Path) -> None:
    text = (
        "version: 1\nentitlements: {look: {name: Look, type: CONFIG}}\nlicenses:\n  pro:\n"
        "    name: Pro\n    type: PAID\n    entitlements:\n      look:\n        value:\n"
        "          a:\n            - &one\n              k: 1\n"
        "            - two\n            - *one\n"
    )
    after = adopted(tmp_path, text, {"license/pro/grant/look": {"value": {"a": ["two", {"k": 1}]}}})
    assert after.endswith("          a:\n            - two\n            - &one {k: 1}\n")
