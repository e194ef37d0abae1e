"""The table of a server has its licenses in the order in which the project declares them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.unit.jobs.test_adopt_shared import workplace

from kaiten_sync.jobs.tabling import TableRequest, table
from kaiten_sync.model.ports import NoProgress, Ports
from kaiten_sync.model.settings import Project
from kaiten_sync.pipeline import read_project

CATALOG = """\
version: 1
entitlements: {calls: {name: Calls, type: NUMBER}}
families:
  free: {name: Free, type: COMMUNITY, entitlements: {calls: 1}}
licenses:
  zebra: {name: Z, type: PAID, entitlements: {calls: 2}}
  ant: {name: A, type: PAID, entitlements: {calls: 3}}
"""
NEWEST_FIRST = ("other", "ant", "free-v2", "zebra")


@pytest.mark.parametrize("catalog", [CATALOG, "version: 2\n"])
def test_columns_are_in_the_order_of_the_project(tmp_path: Path, catalog: str) -> None:
    (tmp_path / "c.yaml").write_text(catalog, encoding="utf-8")
    path = tmp_path / "kaiten-sync.yaml"
    path.write_text("version: 1\ncatalog: [c.yaml]\n", encoding="utf-8")
    project, _ = read_project(path)
    found = [
        live(f"license/{slug}", name=slug, **({"familySlug": "free"} if "v2" in slug else {}))
        for slug in NEWEST_FIRST
    ]
    place = workplace(tmp_path, FakeCatalog(*found))
    workspace = place.changed(project=cast(Project, project))
    shown = table(
        workspace, TableRequest(is_live=True), cast(Ports, SimpleNamespace(progress=NoProgress()))
    )
    is_valid = catalog == CATALOG
    wanted = ["free-v2", "zebra", "ant", "other"] if is_valid else list(NEWEST_FIRST[::-1])
    assert [each.slug for each in shown.columns] == wanted
