"""A short export of any catalog plans empty, and is never longer than a flat one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import FakeCatalog, live
from tests.property.test_extends import declare, extending_catalogs
from tests.support.values import live_state

from kaiten_sync.jobs.exporting import Split, catalog_files
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState, LiveResource
from kaiten_sync.model.settings import Policy, Prune, Scope
from kaiten_sync.pipeline import CatalogSource, make_plan, validate


def served(desired: DesiredState) -> list[LiveResource]:
    """A server that has a declaration, in the versions that it would number."""
    found = []
    for address, each in desired.resources.items():
        fields: dict[str, Any] = {n: v for n, v in each.fields.items() if v is not None}
        if address.kind == "license":
            fields.setdefault("lifecycleState", "PUBLISHED")
            fields["version"] = "2" if address.slug.endswith("-v2") else "1"
            fields["familySlug"] = fields.get("familySlug", address.slug)
        found.append(live(str(address), **fields))
    return found


def lines(files: dict[str, str]) -> int:
    return sum(text.count("\n") for text in files.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogs")


@settings(max_examples=60)
@given(
    catalog=extending_catalogs(), split=st.sampled_from(Split), units=st.booleans(), data=st.data()
)
def test_a_short_export_plans_empty_and_is_not_longer(
    folder: Path, catalog: dict[str, Any], split: Split, units: bool, data: st.DataObject
) -> None:
    found = served(declare(folder, catalog))
    state = live_state(*data.draw(st.permutations(found)))
    flat = catalog_files(state, Scope(), split)
    short = catalog_files(state, Scope(), split, extends=True, units=units)
    assert lines(short) <= lines(flat)
    for name, text in short.items():
        path = folder / "exported" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    desired, wrong = validate(
        CatalogSource(root=folder / "exported", catalog=list(short), scope=Scope())
    )
    assert desired is not None, wrong
    made = make_plan(
        desired,
        FakeCatalog(*found),
        target=TargetRef("test", "http://127.0.0.1"),
        scope=Scope(),
        policy=Policy(prune=Prune.ALL),
        progress=NoProgress(),
    )
    assert made.plan.changes == ()
    assert made.plan.left == ()
