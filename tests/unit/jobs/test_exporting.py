"""Exporting what a server holds although no declaration may."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.unit.jobs.test_adopt_shared import workplace

from kaiten_sync.declare import dump_catalog, is_as_dumped
from kaiten_sync.diff import diff_catalog
from kaiten_sync.disk import Disk
from kaiten_sync.errors import UsageError
from kaiten_sync.jobs.exporting import Exported, ExportRequest, Split, export
from kaiten_sync.jobs.written import replacing
from kaiten_sync.model.drift import DriftClass
from kaiten_sync.model.ports import NoProgress, Ports
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import CatalogSource, load, read_catalog

_Objects = Mapping[str, Mapping[str, Any]]

VALID: _Objects = {
    "group/quotas": {"name": "Quotas"},
    "entitlement/calls": {"name": "Calls", "type": "NUMBER", "groups": ["quotas"]},
    "entitlement/theme": {"name": "Theme", "type": "CONFIG"},
    "license/growth": {"name": "Growth", "type": "PAID"},
    "license/growth/grant/calls": {"value": 10},
    "license/growth/grant/theme": {"value": {"color": "red"}},
}
_CALLS = "license/growth/grant/calls"
_THEME = "license/growth/grant/theme"
_GROUPS = "`groups` of entitlement/calls"


def _nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


ODD: Mapping[str, tuple[_Objects, list[str]]] = {
    "a blank group": ({"group/quotas": {"name": ""}}, ["group/quotas", _GROUPS]),
    "a group of spaces": ({"group/quotas": {"name": " \t"}}, ["group/quotas", _GROUPS]),
    "a group of another spelling": (
        {"group/Extra": {"name": "E"}, "entitlement/calls": {"groups": ["Extra", "quotas"]}},
        [_GROUPS, "group/Extra"],
    ),
    "a group that is not listed": ({"entitlement/calls": {"groups": ["ghost"]}}, [_GROUPS]),
    "a blank entitlement": (
        {"entitlement/calls": {"name": "\u200b"}},
        ["entitlement/calls", _CALLS],
    ),
    "a character that nobody stores": (
        {"entitlement/calls": {"name": "a\0b", "description": "a\0b"}},
        ["entitlement/calls", _CALLS],
    ),
    "one in a field": (
        {"entitlement/calls": {"description": "a\0b"}},
        ["`description` of entitlement/calls"],
    ),
    "capitals": (
        {
            "entitlement/Calls": {"name": "C", "type": "NUMBER"},
            "license/growth/grant/Calls": {"value": 1},
        },
        ["entitlement/Calls", "license/growth/grant/Calls"],
    ),
    "a blank license": ({"license/growth": {"name": ""}}, ["license/growth"]),
    "a long license": (
        {"license/growth": {"name": "x" * 101, "description": "x" * 501}},
        ["license/growth"],
    ),
    "long fields": (
        {"license/growth": {"description": "x" * 501, "versionName": "x" * 51}},
        ["`description` of license/growth", "`versionName` of license/growth"],
    ),
    "a type from later": ({"license/growth": {"type": "GOLD"}}, ["license/growth"]),
    "a period from later": (
        {"entitlement/calls": {"resetPeriod": "DECADE", "resetAnchor": "LICENSE_START"}},
        ["`resetPeriod` of entitlement/calls", "`resetAnchor` of entitlement/calls"],
    ),
    "an order that is too large": (
        {"entitlement/calls": {"displayOrder": 2**40}},
        ["`displayOrder` of entitlement/calls"],
    ),
    "half a unit": (
        {"entitlement/calls": {"unitSingular": "call", "saleUnitFactor": 5}},
        ["`unitSingular` of entitlement/calls", "`saleUnitFactor` of entitlement/calls"],
    ),
    "a meter that is none": (
        {"entitlement/theme": {"resetPeriod": "MONTH"}},
        ["`resetPeriod` of entitlement/theme"],
    ),
    "a draft by default": (
        {"license/growth": {"lifecycleState": "DRAFT", "isDefault": True}},
        ["`isDefault` of license/growth"],
    ),
    "a grant of another type": ({_CALLS: {"value": True}}, [_CALLS]),
    "a grant of nothing": (
        {"license/growth/grant/ghost": {"value": 1}},
        ["license/growth/grant/ghost"],
    ),
    "a negative threshold": ({_CALLS: {"value": -5}}, [_CALLS]),
    "an overage that is too large": ({_CALLS: {"overagePercent": 40_000}}, [_CALLS]),
    "an overage without end": ({_CALLS: {"overagePercent": -1}}, [_CALLS]),
    "a value that is too deep": ({_THEME: {"value": _nested(70)}}, [_THEME]),
    "a fraction and a large number": (
        {_CALLS: {"value": 1 / 3}, _THEME: {"value": {"a": 1e300}}},
        [],
    ),
}
"""What is on the server instead of, or beside what is valid, and what is left out."""


def exported(folder: Path, catalog: FakeCatalog, **options: Any) -> tuple[Exported, list[str]]:
    """The export, and what it says beside its result."""
    said: list[str] = []
    ports = SimpleNamespace(
        files=Disk(), progress=NoProgress(), notices=SimpleNamespace(notify=said.append)
    )
    request = ExportRequest(out="out", **options)
    return export(workplace(folder, catalog), request, cast(Ports, ports)), said


def catalog_of(objects: _Objects) -> FakeCatalog:
    return FakeCatalog(*(live(name, **fields) for name, fields in objects.items()))


def test_nothing_is_said_of_what_can_be_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exported(tmp_path, catalog_of(VALID))[1] == []


def test_nothing_is_exported_through_a_link_out_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository/.git").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "repository/out").symlink_to(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path / "repository")
    with pytest.raises(UsageError, match="the link out leads out of the repository"):
        exported(tmp_path / "repository", catalog_of(VALID))
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [{}, {"split": Split.NONE, "extends": True, "units": True}, {"families": True}],
    ids=["plain", "short", "as families"],
)
@pytest.mark.parametrize("case", ODD.values(), ids=ODD)
def test_what_no_declaration_may_hold_is_left_out_and_the_rest_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[_Objects, list[str]],
    options: Mapping[str, Any],
) -> None:
    monkeypatch.chdir(tmp_path)
    odd, left_out = case
    objects = {name: {**VALID.get(name, {}), **odd.get(name, {})} for name in VALID.keys() | odd}
    catalog = catalog_of(objects)
    written, said = exported(tmp_path, catalog, **options)
    named = [each.removeprefix("warning: ").partition(" is left out: ")[0] for each in said]
    assert sorted(named[:-1]) == sorted(left_out)
    assert not said or "correct them there and export again" in said[-1]
    source = CatalogSource(root=tmp_path, catalog=["out"])
    state = read_catalog(catalog, scope=Scope(), progress=NoProgress())
    differences = diff_catalog(load(source), state, Scope()).differences
    assert [d for d in differences if d.drift is not DriftClass.UNMANAGED] == []
    gone = {name for name in objects if any(name.startswith(each) for each in left_out)}
    assert written.objects == len(objects.keys() - gone)


def test_no_file_has_a_name_that_windows_keeps_for_a_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    slugs = ("aux", "com1", "con", "cons", "license-aux")
    catalog = catalog_of({f"license/{slug}": {"name": slug, "type": "PAID"} for slug in slugs})
    paths = exported(tmp_path, catalog)[0].paths
    # The last two share a file: one of them has the name that the other one gets.
    names = ["cons.yaml", "license-aux.yaml", "license-com1.yaml", "license-con.yaml"]
    assert sorted(each.name for each in paths) == names
    desired = load(CatalogSource(root=tmp_path, catalog=["out"]))
    assert {each.slug for each in desired.resources} == {*slugs}


@pytest.mark.parametrize("killed_after", range(5))
def test_a_forced_export_that_was_killed_removes_the_old_files_the_next_time(
    tmp_path: Path, killed_after: int
) -> None:
    disk, folder = Disk(), tmp_path / "catalog"

    def steps(*names: str) -> list[tuple[Path, bytes | None]]:
        text = dump_catalog({}).encode()
        assert is_as_dumped(text.decode())
        contents = {folder / f"{name}.yaml": text for name in names}
        return [*replacing(folder, contents, disk, is_forced=True, left_out=()).items()]

    old, new = ("licenses/a", "licenses/b", "groups"), ("groups", "entitlements")
    disk.write_all(dict(steps(*old)))
    for path, content in steps(*new)[:killed_after]:
        disk.write_all({path: content})
    disk.write_all(dict(steps(*new)))
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.yaml")}
    assert found == {f"{name}.yaml" for name in new}
