"""Two applies on one target at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S
from tests.support.scenarios import EVERYTHING_AT_ONCE, apply, plan_for, prepare
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.errors import StalePlanError
from kaiten_sync.model.change import Action
from kaiten_sync.model.outcome import ApplyResult, Status
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import Resource
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import read_catalog

LICENSES = range(12)
ROUNDS = range(5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


def at_once(url: str, token: str, plans: Sequence[Plan]) -> list[ApplyResult | StalePlanError]:
    """What becomes of plans that begin at the same moment, each with a client of its own."""
    start = Barrier(len(plans))

    def run(plan: Plan) -> ApplyResult | StalePlanError:
        with HttpCatalog(ConnectionSettings(url=url, token=token)) as catalog:
            start.wait(HANG_S)
            try:
                return apply(plan, catalog, workers=8)
            except StalePlanError as stale:
                return stale

    with ThreadPoolExecutor(len(plans)) as pool:
        return list(pool.map(run, plans))


@pytest.mark.parametrize("_round", ROUNDS)
def test_the_same_plan_twice_ends_well_for_both(server: EmbeddedServer, _round: int) -> None:
    token = server.new_organization()
    with HttpCatalog(ConnectionSettings(url=server.url, token=token)) as catalog:
        prepare(EVERYTHING_AT_ONCE.before, catalog)
        wanted = desired(*EVERYTHING_AT_ONCE.after)
        plan = plan_for(wanted, catalog)
        results = at_once(server.url, token, [plan, plan])
        for result in results:
            assert isinstance(result, ApplyResult)
            assert result.is_complete, [o for o in result.outcomes if o.message]
        assert plan_for(wanted, catalog).is_empty
        done = Counter(
            outcome.change_id
            for result in results
            if isinstance(result, ApplyResult)
            for outcome in result.outcomes
            if outcome.status is Status.DONE and outcome.action == Action.CREATE
        )
        assert not done or set(done.values()) == {1}


def catalog_of(name: str, threshold: int) -> list[Resource]:
    return [
        declared("entitlement/calls", name="Calls", type="NUMBER"),
        *(declared(f"license/l{i}", name=f"{name} {i}", type="PAID") for i in LICENSES),
        *(declared(f"license/l{i}/grant/calls", value=threshold) for i in LICENSES),
    ]


@pytest.mark.parametrize("_round", ROUNDS)
def test_each_object_is_as_one_of_two_plans_says(server: EmbeddedServer, _round: int) -> None:
    token = server.new_organization()
    with HttpCatalog(ConnectionSettings(url=server.url, token=token)) as catalog:
        prepare(catalog_of("Before", 1), catalog)
        plans = [
            plan_for(desired(*catalog_of(name, threshold)), catalog)
            for name, threshold in (("First", 100), ("Second", 200))
        ]
        results = at_once(server.url, token, plans)
        found = read_catalog(catalog, scope=Scope(), progress=NoProgress()).resources
    for address, live in found.items():
        if address.parent is not None:
            assert live.fields["value"] in (1, 100, 200)
        elif address.slug.startswith("l"):
            assert str(live.fields["name"]).split()[0] in ("Before", "First", "Second")
    for result in results:
        if isinstance(result, ApplyResult):
            held_back = [o for o in result.outcomes if o.status is Status.FAILED]
            assert all(outcome.is_conflict or outcome.message for outcome in held_back)
    assert not all(isinstance(r, StalePlanError) for r in results), "one of them goes first"
