"""A plan restarts a counter that nobody uses: apply looks whether anybody uses it by then."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.acceptance.conftest import Workplace
from tests.support.scenarios import EVERYTHING, TARGET, apply, prepare
from tests.support.tenants import instance_body, make
from tests.support.values import address, declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.errors import StalePlanError
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import Resource
from kaiten_sync.model.settings import Scope
from kaiten_sync.pipeline import PlanInputs, make_plan
from kaiten_sync.verify import verify_plan

COUNTER = address("entitlement/calls")
SOLD = (
    declared("license/growth", name="Growth", type="PAID"),
    declared("license/growth/grant/calls", value=1000),
    declared("license/other", name="Other", type="PAID"),
)
BEFORE = (declared("entitlement/calls", name="Calls", type="NUMBER"), *SOLD)
AFTER = (declared("entitlement/calls", name="Calls", type="NUMBER", resetPeriod="MONTH"), *SOLD)
INPUTS = PlanInputs(target=TARGET, scope=Scope(), policy=EVERYTHING)


@pytest.fixture
def catalog(place: Workplace) -> Iterator[HttpCatalog]:
    with HttpCatalog(ConnectionSettings(url=place.url, token=place.token)) as opened:
        prepare(BEFORE, opened)
        yield opened


def plan_of(catalog: HttpCatalog, wanted: tuple[Resource, ...] = AFTER, *allowed: str) -> Plan:
    proposal = make_plan(
        desired(*wanted),
        catalog,
        target=TARGET,
        scope=Scope(),
        policy=EVERYTHING,
        progress=NoProgress(),
        allowed=frozenset(address(text) for text in allowed),
    )
    assert proposal.refusals == ()
    assert proposal.notes == ()
    return proposal.plan


def buy(api: httpx.Client, license_slug: str) -> None:
    body = instance_body(api, slug="acme")
    license_id = api.get(f"/licenses/{license_slug}").json()["id"]
    make(api, "/instances", **{**body, "licenseId": license_id})


def test_whoever_starts_to_use_it_makes_the_plan_stale(
    catalog: HttpCatalog, api: httpx.Client
) -> None:
    plan = plan_of(catalog)
    assert [each.address for each in plan.observed if each.unused] == [COUNTER]
    buy(api, "growth")
    with pytest.raises(StalePlanError) as caught:
        apply(plan, catalog)
    (finding,) = caught.value.diagnostics
    assert (finding.rule, finding.address) == ("used-since-plan", str(COUNTER))
    assert finding.message == (
        "its usage would restart at 0; no instance could use it when the plan was made, now"
        " instance/acme can"
    )
    assert api.get("/entitlements/calls").json().get("resetPeriod") is None


def test_whoever_cannot_use_it_changes_nothing(catalog: HttpCatalog, api: httpx.Client) -> None:
    plan = plan_of(catalog)
    buy(api, "other")
    assert apply(plan, catalog).is_complete


def test_a_counter_that_was_allowed_is_restarted_for_whoever_came(
    catalog: HttpCatalog, api: httpx.Client
) -> None:
    plan = plan_of(catalog, AFTER, str(COUNTER))
    assert plan.guards.allowed == {COUNTER}
    assert not any(each.unused for each in plan.observed)
    buy(api, "growth")
    assert apply(plan, catalog).is_complete


def test_looking_is_counted(catalog: HttpCatalog) -> None:
    plan = plan_of(catalog)
    result = apply(plan, catalog)
    assert result.requests == plan.requests
    # the counter, read before, written and verified; licenses, their grants, and instances
    assert plan.requests == 1 + 3 + (1 + 2 + 1)


def test_a_plan_that_restarted_it_is_finished_for_whoever_came_since(
    catalog: HttpCatalog, api: httpx.Client
) -> None:
    wanted = (*AFTER, declared("group/quotas", name="Quotas"))
    plan = plan_of(catalog, wanted)
    assert apply(plan_of(catalog), catalog).is_complete
    buy(api, "growth")
    verify_plan(plan, desired(*wanted), catalog, INPUTS, progress=NoProgress())
    assert apply(plan, catalog).is_complete


def test_who_uses_it_has_to_be_seen_again(place: Workplace, server, catalog: HttpCatalog) -> None:  # type: ignore[no-untyped-def]
    plan = plan_of(catalog)
    headers = {"Authorization": f"Bearer {place.token}"}
    with httpx.Client(base_url=f"{place.url}/api", headers=headers) as api:
        account = make(api, "/service-accounts", name="CI")
        token = make(
            api,
            f"/service-accounts/{account['slug']}/tokens",
            name="t",
            scopes=["write:entitlements", "write:licenses"],
        )["token"]
    with (
        HttpCatalog(ConnectionSettings(url=place.url, token=token)) as blind,
        pytest.raises(StalePlanError) as caught,
    ):
        apply(plan, blind)
    (finding,) = caught.value.diagnostics
    assert "its users could not be listed now" in finding.message
