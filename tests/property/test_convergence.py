"""From any catalog to any other, over real HTTP: it arrives, and then there is nothing to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from tests.property.catalogs import catalogs
from tests.support.embedded import EmbeddedServer

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.drift import DriftCase, check_drift
from kaiten_sync.jobs.exporting import catalog_files
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.pipeline import (
    CatalogSource,
    apply_plan,
    make_plan,
    read_catalog,
    validate,
)
from kaiten_sync.plan.build import Proposal
from kaiten_sync.plan.plan_file import read_plan, write_plan

EVERYTHING = Policy(prune=Prune.ALL, max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
TARGET = TargetRef("test", "http://127.0.0.1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogs")


def declare(folder: Path, catalog: dict[str, Any]) -> DesiredState:
    """Write and load a catalog; JSON is YAML."""
    (folder / "catalog.yaml").write_text(json.dumps(catalog, ensure_ascii=False), encoding="utf-8")
    desired, findings = validate(CatalogSource(root=folder, catalog=["catalog.yaml"]))
    assert desired is not None, findings
    return desired


IMPOSSIBLE = re.compile("cannot|only a published version can be the default")
"""What is said of a change that no server makes: one of these catalogs would have to say more."""


def plan(wanted: DesiredState, catalog: HttpCatalog) -> Proposal:
    return make_plan(
        wanted,
        catalog,
        target=TARGET,
        scope=Scope(),
        policy=EVERYTHING,
        progress=NoProgress(),
    )


def drift(wanted: DesiredState, catalog: HttpCatalog) -> DriftReport:
    return check_drift(
        wanted, catalog, DriftCase(target=TARGET, scope=Scope()), progress=NoProgress()
    )


def arrive(wanted: DesiredState, catalog: HttpCatalog) -> None:
    proposal = plan(wanted, catalog)
    if proposal.refusals:
        before = read_catalog(catalog, scope=Scope(), progress=NoProgress())
        assert all(IMPOSSIBLE.search(each.message) for each in proposal.refusals), proposal.refusals
        assert before == read_catalog(catalog, scope=Scope(), progress=NoProgress())
        return
    committed = read_plan(write_plan(proposal.plan))
    result = apply_plan(
        committed, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=4
    )
    for outcome in result.outcomes:
        note(f"{outcome.change_id}: {outcome.status} {outcome.message or ''}")
    assert result.is_complete
    assert result.requests <= committed.requests
    assert drift(wanted, catalog).differences == ()
    assert plan(wanted, catalog).plan.is_empty


@settings(
    max_examples=28,
    derandomize=True,
)
@given(first=catalogs(), second=catalogs())
def test_any_catalog_can_become_any_other(
    server: EmbeddedServer, folder: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    settings_ = ConnectionSettings(url=server.url, token=server.new_organization())
    with HttpCatalog(settings_) as catalog:
        arrive(declare(folder, first), catalog)
        arrive(declare(folder, second), catalog)


@settings(max_examples=15, derandomize=True)
@given(wanted=catalogs())
def test_exporting_and_planning_is_empty(
    server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, Any]
) -> None:
    settings_ = ConnectionSettings(url=server.url, token=server.new_organization())
    folder = tmp_path_factory.mktemp("export")
    with HttpCatalog(settings_) as catalog:
        arrive(declare(folder, wanted), catalog)
        live = read_catalog(catalog, scope=Scope(), progress=NoProgress())
        lines = []
        for extends in (False, True):
            files = catalog_files(live, Scope(), extends=extends)
            lines.append(sum(text.count("\n") for text in files.values()))
            for name, text in files.items():
                path = folder / f"out-{extends}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            source = CatalogSource(root=folder, catalog=[f"out-{extends}"])
            exported, findings = validate(source)
            assert exported is not None, findings
            assert findings == ()
            assert plan(exported, catalog).plan.is_empty
            assert drift(exported, catalog).differences == ()
        assert lines[1] <= lines[0]
