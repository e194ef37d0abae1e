"""A family's plan that was stopped anywhere is still the one that its declaration gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.scenarios import TARGET, apply, apply_first, plan_for
from tests.support.tenants import instance_body, make
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.errors import RefusedError, StalePlanError
from kaiten_sync.model.change import Effect
from kaiten_sync.model.family import FamilyTerms, WhenTightened
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState, Resource
from kaiten_sync.model.settings import Limit, OnTighten, Policy, Scope
from kaiten_sync.pipeline import PlanInputs, make_plan
from kaiten_sync.verify import verify_plan

COUNTED = (
    declared("entitlement/seats", name="Seats", type="NUMBER"),
    declared("entitlement/calls", name="Calls", type="NUMBER"),
)
POLICY = Policy(max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
KEEPS, TAKES = FamilyTerms(), FamilyTerms(when_tightened=WhenTightened.IN_PLACE, reason="law")


def family(*grants: Resource, terms: FamilyTerms = KEEPS, **fields: object) -> DesiredState:
    root = declared("family/growth", name="Growth", type="PAID", **fields)
    return desired(*COUNTED, root, *grants).changed(terms={root.address: terms})


def seats(value: object) -> Resource:
    return declared("family/growth/grant/seats", value=value)


def calls(value: object) -> Resource:
    return declared("family/growth/grant/calls", value=value)


SOLD = family(seats(10), calls(1000))


def license_(**grants: object) -> DesiredState:
    root = declared("license/growth", name="Growth", type="PAID", lifecycleState="PUBLISHED")
    inside = (declared(f"license/growth/grant/{slug}", value=v) for slug, v in grants.items())
    return desired(*COUNTED, root, *inside)


BY_CHANCE = license_(seats=10, calls=1000)
UNLIMITED = license_(seats="unlimited", calls=1000)


def lowered_and_replaced(limit: object, next_limit: object) -> DesiredState:
    """The license with another limit, and a version after it, which looks at all that it grants.

    The server itself changes the overage of a limit that becomes a number, or unlimited.
    """
    now = license_(seats=limit, calls=1000)
    stays = {"type": "PAID", "lifecycleState": "PUBLISHED", "familySlug": "growth"}
    after = desired(
        declared("license/growth-v2", name="Growth", **stays),
        declared("license/growth-v2/grant/seats", value=next_limit),
    )
    resources = {**now.resources, **after.resources}
    return now.changed(resources=resources, owns=now.owns | after.owns)


@dataclass(frozen=True)
class Case:
    """What is declared after `first`, and which versions somebody holds by then."""

    then: DesiredState
    held: tuple[str, ...] = ("growth",)
    first: DesiredState = field(default_factory=lambda: SOLD)
    policy: Policy = POLICY


CASES = {
    "the next version": Case(family(seats(5), calls(2000))),
    "the next version with less": Case(family(seats(5))),
    "the old version archived": Case(
        family(seats(5), calls(1), terms=FamilyTerms(archive_replaced=True)), held=("growth",)
    ),
    "in place": Case(family(seats(20), calls(2000), description="More")),
    "in place, held, with a reason": Case(family(seats(5), calls(1), terms=TAKES)),
    "in place, not held": Case(family(seats(5)), held=()),
    "no longer sold": Case(family(seats(10), calls(1000), sold=False)),
    "no longer declared": Case(desired(*COUNTED), held=()),
    "a family that was a license": Case(family(seats(5)), first=BY_CHANCE),
    "a limit under what is replaced": Case(lowered_and_replaced(18, 18), first=UNLIMITED),
    "a limit above what is replaced": Case(lowered_and_replaced("unlimited", 18), first=BY_CHANCE),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_it_is_verified_again_and_finishes(server: EmbeddedServer, case: Case) -> None:
    count = 0
    is_whole = False
    while not is_whole:
        token = server.new_organization()
        connection = ConnectionSettings(url=server.url, token=token)
        with HttpCatalog(connection) as catalog:
            plan, inputs = _planned(catalog, case, server.url, token)
            apply_first(count, plan, catalog)
            verify_plan(plan, case.then, catalog, inputs, progress=NoProgress())
            assert apply(plan, catalog, workers=4).is_complete
        is_whole = count == len(plan.changes)
        count += 1


def beside(state: DesiredState, value: int) -> DesiredState:
    """The same with another license, whose grant comes later in a plan."""
    more = desired(
        declared("license/other", name="Other", type="PAID", lifecycleState="PUBLISHED"),
        declared("license/other/grant/calls", value=value),
    )
    resources = {**state.resources, **more.resources}
    return state.changed(resources=resources, owns=state.owns | more.owns)


REFUSING = POLICY.changed(on_tighten=OnTighten.REFUSE)
UNHELD = {
    "a family": Case(beside(family(seats(5), calls(1000)), 2), held=(), first=beside(SOLD, 1)),
    "a license": Case(
        beside(license_(seats=5, calls=1000), 2),
        held=(),
        first=beside(BY_CHANCE, 1),
        policy=REFUSING,
    ),
}


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("case", UNHELD.values(), ids=UNHELD)
def test_who_comes_once_it_is_lowered_is_no_reason_against_the_rest(
    server: EmbeddedServer, case: Case, count: int
) -> None:
    token = server.new_organization()
    with HttpCatalog(ConnectionSettings(url=server.url, token=token)) as catalog:
        plan, inputs = _planned(catalog, case, server.url, token)
        assert [each.effect for each in plan.changes] == [Effect.TIGHTENS, Effect.LOOSENS]
        apply_first(count, plan, catalog)
        _hold("growth", server.url, token)
        if count == 0:
            with pytest.raises(RefusedError):
                verify_plan(plan, case.then, catalog, inputs, progress=NoProgress())
            with pytest.raises(StalePlanError):
                apply(plan, catalog)
        else:
            verify_plan(plan, case.then, catalog, inputs, progress=NoProgress())
            assert apply(plan, catalog).is_complete


def _planned(catalog: HttpCatalog, case: Case, url: str, token: str) -> tuple[Plan, PlanInputs]:
    first = plan_for(case.first, catalog)
    assert apply(first, catalog, workers=4).is_complete
    for version in case.held:
        _hold(version, url, token)
    inputs = PlanInputs(target=TARGET, scope=Scope(), policy=case.policy, previous=first)
    made = make_plan(
        case.then,
        catalog,
        target=TARGET,
        scope=Scope(),
        policy=case.policy,
        progress=NoProgress(),
        previous=first,
    )
    assert made.refusals == ()
    assert made.plan.changes
    return made.plan, inputs


def _hold(version: str, url: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/api", headers=headers) as api:
        license_id = api.get(f"/licenses/{version}").json()["id"]
        body = instance_body(api, slug=f"holder-{version}")
        make(api, "/instances", **{**body, "licenseId": license_id})
