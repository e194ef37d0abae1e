"""Whatever `plan` finds, `drift` finds, and the reverse: from any catalog, on any server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from tests.property.catalogs import catalogs
from tests.property.test_convergence import declare
from tests.support.embedded import EmbeddedServer

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.drift import DriftCase, check_drift
from kaiten_sync.model.change import Effect
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.pipeline import apply_plan, make_plan
from kaiten_sync.plan.build import Proposal

TARGET = TargetRef("test", "http://127.0.0.1")
SCOPE = Scope()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogs")


def plan(
    wanted: DesiredState, catalog: HttpCatalog, prune: Prune, previous: Plan | None
) -> Proposal:
    return make_plan(
        wanted,
        catalog,
        target=TARGET,
        scope=SCOPE,
        policy=Policy(prune=prune, max_deletes=Limit(percent=100), max_updates=Limit(percent=100)),
        progress=NoProgress(),
        previous=previous,
    )


def drift(
    wanted: DesiredState, catalog: HttpCatalog, prune: Prune, agreed: Plan | None
) -> DriftReport:
    case = DriftCase(target=TARGET, scope=SCOPE, agreed=agreed, prune=prune)
    return check_drift(wanted, catalog, case, progress=NoProgress())


def arrive(wanted: DesiredState, catalog: HttpCatalog, prune: Prune) -> Plan | None:
    """Bring a catalog to the server; None if it cannot go there from what is there."""
    made = plan(wanted, catalog, prune, None)
    if made.refusals:
        return None
    result = apply_plan(made.plan, catalog, progress=NoProgress(), is_stopped=lambda: False)
    assert result.is_complete
    return made.plan


@settings(max_examples=25)
@given(
    before=catalogs(),
    by_hand=catalogs(),
    now=catalogs(),
    prune=st.sampled_from(Prune),
    is_agreed=st.booleans(),
)
def test_whatever_plan_finds_drift_finds_and_the_reverse(
    server: EmbeddedServer,
    folder: Path,
    before: dict[str, Any],
    by_hand: dict[str, Any],
    now: dict[str, Any],
    prune: Prune,
    is_agreed: bool,
) -> None:
    note(f"git now: {now}")
    connection = ConnectionSettings(url=server.url, token=server.new_organization())
    with HttpCatalog(connection) as catalog:
        applied = arrive(declare(folder, before), catalog, Prune.ALL)
        arrive(declare(folder, by_hand), catalog, Prune.NEVER)
        agreed = applied if is_agreed else None
        wanted = declare(folder, now)
        made = plan(wanted, catalog, prune, agreed).plan
        report = drift(wanted, catalog, prune, agreed)
    planned = {change.address for change in made.changes}
    planned |= {left.address for left in made.left if left.is_drift}
    drifted = {each.address: each for each in report.differences if each.is_drift}
    assert planned <= drifted.keys()
    unplanned = [each for address, each in drifted.items() if address not in planned]
    assert all(each.effect is Effect.BREAKS for each in unplanned)
    assert report.has_drift == (made.has_differences or bool(unplanned))
