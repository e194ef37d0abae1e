"""Exporting what a server holds although no declaration may."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.unit.jobs.test_adopt_shared import workplace

from kaiten_sync.disk import Disk
from kaiten_sync.jobs.exporting import ExportRequest, export
from kaiten_sync.model.ports import NoProgress, Ports

VALID: Mapping[str, Mapping[str, Any]] = {
    "group/quotas": {"name": "Quotas"},
    "entitlement/calls": {"name": "Calls", "type": "NUMBER", "groups": ["quotas"]},
    "license/growth": {"name": "Growth", "type": "PAID"},
    "license/growth/grant/calls": {"value": 10},
}
ODD: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "a group without a name": ("group/quotas", {"name": ""}, "groups.yaml:4:11"),
    "an entitlement without a name": ("entitlement/calls", {"name": ""}, "entitlements.yaml:4:11"),
    "a license without a name": ("license/growth", {"name": ""}, "licenses/growth.yaml:4:11"),
    "a type from later": ("license/growth", {"type": "GOLD"}, "licenses/growth.yaml:5:11"),
    "a period from later": (
        "entitlement/calls",
        {"resetPeriod": "DECADE"},
        "entitlements.yaml:6:18",
    ),
    "an order that is too large": (
        "entitlement/calls",
        {"displayOrder": 2**40},
        "entitlements.yaml:6:19",
    ),
    "a grant of another type": (
        "license/growth/grant/calls",
        {"value": True},
        "licenses/growth.yaml:7:14",
    ),
    "an overage that is too large": (
        "license/growth/grant/calls",
        {"overagePercent": 40_000},
        "licenses/growth.yaml:7:",
    ),
}


def exported(folder: Path, objects: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the export says beside its result."""
    said: list[str] = []
    catalog = FakeCatalog(*(live(name, **fields) for name, fields in objects.items()))
    ports = SimpleNamespace(
        files=Disk(), progress=NoProgress(), notices=SimpleNamespace(notify=said.append)
    )
    export(workplace(folder, catalog), ExportRequest(out="out"), cast(Ports, ports))
    return said


def test_nothing_is_said_of_what_can_be_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert exported(tmp_path, VALID) == []


@pytest.mark.parametrize("case", ODD.values(), ids=ODD)
def test_what_no_declaration_may_hold_is_said_with_its_place_and_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str, Mapping[str, Any], str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name, odd, place = case
    (warning, way_out) = exported(tmp_path, {**VALID, name: {**VALID[name], **odd}})
    assert warning.startswith(f"warning: out/{place}")
    assert f"{name}: " in warning
    assert "leave the objects out with `scope`" in way_out
    assert (tmp_path / "out/licenses/growth.yaml").exists()
