"""Every kind of operation, hurt in every way at every request that it takes.

Whatever happens to a request, each object is as it was or as the plan says, nothing else is
touched, and applying the same plan again finishes it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import Fault, FaultProxy, Seen
from tests.support.processes import HANG_S
from tests.support.scenarios import (
    EVERYTHING_AT_ONCE,
    SCENARIOS,
    Scenario,
    apply,
    plan_for,
    prepare,
)
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings, RetrySettings
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.errors import AccessError, ServerError, StalePlanError
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import read_catalog

SHORT_S = 0.5
"""The longest silence where silence is what is tested: each case waits for it. Doubled if the
machine is so busy that a server which does answer takes longer."""

ONCE = RetrySettings(attempts=1)
QUICKLY = RetrySettings(attempts=3, base_s=0.001, max_s=0.002)

BYSTANDERS = (
    declared("group/other", name="Theirs"),
    declared("entitlement/other", name="Theirs", type="NUMBER", groups=["other"]),
    declared("license/other", name="Theirs", type="TRIAL"),
    declared("license/other/grant/other", value=7),
)
"""Objects that the plans have nothing to do with."""

REQUESTS = {
    "create a group": 3,
    "create an entitlement": 4,
    "create a license": 11,
    "create a grant": 5,
    "create a version": 7,
    "update a group": 4,
    "update an entitlement": 4,
    "update a license": 4,
    "update a grant": 6,
    "delete a group": 4,
    "delete an entitlement": 6,
    "delete a license": 9,
    "delete a grant": 4,
    "publish": 3,
    "archive": 3,
    "unarchive": 3,
    "change the default": 6,
    "replace the default": 9,
}
"""How many requests applying each takes when nothing goes wrong."""

CASES = [
    (name, fault, position)
    for name, requests in REQUESTS.items()
    for fault in Fault
    for position in range(requests)
]
SEEDS = range(40)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: EmbeddedServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@contextmanager
def prepared(server: EmbeddedServer, scenario: Scenario) -> Iterator[tuple[HttpCatalog, str]]:
    """A client that nothing hurts, for an organization as the scenario begins; and its token."""
    token = server.new_organization()
    with HttpCatalog(ConnectionSettings(url=server.url, token=token)) as catalog:
        prepare([*BYSTANDERS, *scenario.before], catalog)
        yield catalog, token


def hurt_client(
    proxy: FaultProxy, token: str, retry: RetrySettings, timeout_s: float = HANG_S
) -> HttpCatalog:
    return HttpCatalog(
        ConnectionSettings(url=proxy.url, token=token, retry=retry, timeout_s=timeout_s)
    )


def wanted_plan(scenario: Scenario, catalog: HttpCatalog) -> Plan:
    return plan_for(desired(*BYSTANDERS, *scenario.after), catalog)


def bystanders(catalog: HttpCatalog, plan: Plan) -> Mapping[Address, LiveResource]:
    """Everything that the plan does not change, as it is now."""
    found = read_catalog(catalog, scope=Scope(), progress=NoProgress()).resources
    changed = {change.address for change in plan.changes}
    return {a: resource for a, resource in found.items() if a not in changed}


def in_a_state_of_the_plan(catalog: HttpCatalog, plan: Plan) -> None:
    """Raises StalePlanError where an object is neither as before nor as planned."""
    already_done(plan, read_observed(catalog, plan.observed, 4))


def try_to_apply(plan: Plan, catalog: HttpCatalog, workers: int = 1) -> bool:
    """Whether all of it was done. What keeps it from beginning is an error, and no write.

    A proxy that repeats answers can make a plan look stale: that too is no write.
    """
    try:
        return apply(plan, catalog, workers).is_complete
    except (ServerError, AccessError, StalePlanError):
        return False


def test_there_are_as_many_cases_as_promised() -> None:
    assert REQUESTS.keys() == SCENARIOS.keys()
    assert len(CASES) + len(SEEDS) >= 500


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_requests_that_are_hurt_are_all_that_there_are(
    server: EmbeddedServer, proxy: FaultProxy, name: str
) -> None:
    with prepared(server, SCENARIOS[name]) as (catalog, token):
        plan = wanted_plan(SCENARIOS[name], catalog)
        proxy.begin(lambda _: None)
        with hurt_client(proxy, token, ONCE) as client:
            assert apply(plan, client).is_complete
        assert len(proxy.seen) == REQUESTS[name] == plan.requests


@pytest.mark.parametrize(("name", "fault", "position"), CASES)
def test_one_fault(
    server: EmbeddedServer, proxy: FaultProxy, name: str, fault: Fault, position: int
) -> None:
    timeout_s = SHORT_S if "stall" in fault else HANG_S
    while not has_survived(server, proxy, SCENARIOS[name], fault, position, timeout_s):
        timeout_s *= 2
        assert timeout_s < HANG_S


def has_survived(
    server: EmbeddedServer,
    proxy: FaultProxy,
    scenario: Scenario,
    fault: Fault,
    position: int,
    timeout_s: float,
) -> bool:
    """Check an apply with one fault. False if the client ran out of patience before the fault."""
    with prepared(server, scenario) as (catalog, token):
        plan = wanted_plan(scenario, catalog)
        others = bystanders(catalog, plan)
        proxy.begin(lambda seen: fault if seen.index == position else None)
        with hurt_client(proxy, token, ONCE, timeout_s) as client:
            try_to_apply(plan, client)
        if len(proxy.seen) <= position:
            return False
        in_a_state_of_the_plan(catalog, plan)
        assert apply(plan, catalog).is_complete
        assert wanted_plan(scenario, catalog).is_empty
        assert bystanders(catalog, plan) == others
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_everywhere(server: EmbeddedServer, proxy: FaultProxy, seed: int) -> None:
    dice = random.Random(seed)
    faults = list(Fault)

    def choose(_: Seen) -> Fault | None:
        return dice.choice(faults) if dice.random() < 0.12 else None

    with prepared(server, EVERYTHING_AT_ONCE) as (catalog, token):
        plan = wanted_plan(EVERYTHING_AT_ONCE, catalog)
        others = bystanders(catalog, plan)
        proxy.begin(choose)
        for run in range(100):
            timeout_s = SHORT_S * 2 ** (run // 10)
            with hurt_client(proxy, token, QUICKLY, timeout_s) as client:
                is_complete = try_to_apply(plan, client, workers=8)
            in_a_state_of_the_plan(catalog, plan)
            if is_complete:
                break
        else:
            pytest.fail("it never finished")
        assert wanted_plan(EVERYTHING_AT_ONCE, catalog).is_empty
        assert bystanders(catalog, plan) == others
