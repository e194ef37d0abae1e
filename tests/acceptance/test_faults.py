"""Every kind of operation, hurt in every way at every request that it takes.

Whatever happens to a request, each object is as it was or as the plan says, nothing else is
touched, and applying the same plan again finishes it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from tests.support.beginnings import Beginning, Beginnings, beginnings
from tests.support.embedded import EmbeddedServer
from tests.support.fault_proxy import Fault, FaultProxy, Seen
from tests.support.processes import HANG_S
from tests.support.scenarios import EVERYTHING_AT_ONCE, SCENARIOS, apply
from tests.support.values import declared

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings, RetrySettings
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.errors import AccessError, ServerError, StalePlanError
from kaiten_sync.model.plan import Plan

SHORT_S = 0.3
"""The longest silence where silence is what is tested: each case waits for it. Doubled if the
machine is so busy that a server which does answer takes longer."""

PATIENT_S = 0.5
"""The same for a plan of many requests, which begins again from the first that takes longer."""

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
    "create a group": "GET POST GET",
    "create an entitlement": "GET GET POST GET",
    "create a license": "GET GET POST GET POST GET POST GET GET PUT GET",
    "create a grant": "GET GET GET POST GET",
    "create a version": "GET GET GET POST GET POST GET",
    "update a group": "GET GET PUT GET",
    "update an entitlement": "GET GET PUT GET",
    "update a license": "GET GET PUT GET",
    "update a grant": "GET GET GET GET PUT GET",
    "delete a group": "GET GET DELETE GET",
    "delete an entitlement": "GET GET GET GET DELETE GET",
    "delete a license": "GET GET GET GET DELETE GET GET DELETE GET",
    "delete a grant": "GET GET DELETE GET",
    "publish": "GET POST GET",
    "archive": "GET POST GET",
    "unarchive": "GET POST GET",
    "change the default": "GET GET GET PUT GET GET",
    "replace the default": "GET GET GET GET GET PUT GET GET DELETE GET",
}
"""The requests that applying each takes when nothing goes wrong."""

SAME_FOR_READS = {
    Fault.RESET_AFTER,
    Fault.FAILS_AFTER,
    Fault.UNAVAILABLE_AFTER,
    Fault.STALL_AFTER,
}
"""Faults of which a reading shows nothing else than of the same fault `before`: the server is as it
was, and the client gets the same bytes."""

CASES = [
    (name, fault, position)
    for name, requests in REQUESTS.items()
    for position, method in enumerate(requests.split())
    for fault in Fault
    if method != "GET" or fault not in SAME_FOR_READS
]
SEEDS = range(24)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(server: EmbeddedServer) -> Iterator[FaultProxy]:
    with FaultProxy(server.url) as running:
        yield running


@pytest.fixture(scope="module", name="beginnings")
def _beginnings(server: EmbeddedServer, proxy: FaultProxy) -> Iterator[Beginnings]:
    with beginnings(server, proxy, bystanders=BYSTANDERS) as begun:
        yield begun


def hurt_client(
    proxy: FaultProxy, token: str, retry: RetrySettings, timeout_s: float = HANG_S
) -> HttpCatalog:
    return HttpCatalog(
        ConnectionSettings(url=proxy.url, token=token, retry=retry, timeout_s=timeout_s)
    )


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
    beginnings: Beginnings, proxy: FaultProxy, name: str
) -> None:
    begun = beginnings.of(SCENARIOS[name])
    proxy.begin(lambda _: None)
    with hurt_client(proxy, begun.token, ONCE) as client:
        assert apply(begun.plan, client).is_complete
    assert [seen.method for seen in proxy.seen] == REQUESTS[name].split()
    assert len(proxy.seen) == begun.plan.requests


@pytest.mark.parametrize(("name", "fault", "position"), CASES)
def test_one_fault(
    beginnings: Beginnings, proxy: FaultProxy, name: str, fault: Fault, position: int
) -> None:
    timeout_s = SHORT_S if "stall" in fault else HANG_S
    while not has_survived(beginnings.of(SCENARIOS[name]), proxy, fault, position, timeout_s):
        timeout_s *= 2
        assert timeout_s < HANG_S


def has_survived(
    begun: Beginning, proxy: FaultProxy, fault: Fault, position: int, timeout_s: float
) -> bool:
    """Check an apply with one fault. False if the client ran out of patience before the fault."""
    proxy.begin(lambda seen: fault if seen.index == position else None)
    with hurt_client(proxy, begun.token, ONCE, timeout_s) as client:
        try_to_apply(begun.plan, client)
    if len(proxy.seen) <= position:
        return False
    in_a_state_of_the_plan(begun.catalog, begun.plan)
    assert apply(begun.plan, begun.catalog).is_complete
    assert begun.is_finished()
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_everywhere(beginnings: Beginnings, proxy: FaultProxy, seed: int) -> None:
    dice = random.Random(seed)
    faults = list(Fault)

    def choose(_: Seen) -> Fault | None:
        return dice.choice(faults) if dice.random() < 0.12 else None

    begun = beginnings.of(EVERYTHING_AT_ONCE)
    proxy.begin(choose)
    for run in range(100):
        timeout_s = PATIENT_S * 2 ** (run // 10)
        with hurt_client(proxy, begun.token, QUICKLY, timeout_s) as client:
            is_complete = try_to_apply(begun.plan, client, workers=8)
        in_a_state_of_the_plan(begun.catalog, begun.plan)
        if is_complete:
            break
    else:
        pytest.fail("it never finished")
    assert begun.is_finished()
