"""Families that change again and again, with holders who come, use and stay, and with faults.

On the real server. No plan takes anything from a present holder, whatever fails on the way; what
is half made is finished by the same plan or by a new one; and usage changes no byte of a plan.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.embedded import EmbeddedServer
from tests.support.faulty import Faulty
from tests.support.scenarios import TARGET, apply, plan_for
from tests.support.tenants import instance_body, make
from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.api.settings import ConnectionSettings
from kaiten_sync.model.family import FamilyTerms
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.plan import write_plan

ENTITLEMENTS = {"seats": "NUMBER", "calls": "NUMBER", "sso": "BOOLEAN"}

numbers = st.sampled_from([1, 2, 3, "unlimited"])
grants = st.fixed_dictionaries(
    {}, optional={"seats": numbers, "calls": numbers, "sso": st.booleans()}
)


@dataclass(frozen=True)
class Step:
    """What is declared next, how many buy it afterwards, and what fails on the way."""

    grants: Mapping[str, Any]
    name: str
    buyers: int
    reported: float
    faults: list[int] = field(default_factory=list)
    is_planned_again: bool = False


steps = st.builds(
    Step,
    grants=grants,
    name=st.sampled_from(["Growth", "Growth Plus"]),
    buyers=st.integers(0, 2),
    reported=st.sampled_from([0, 1, 2]),
    faults=st.lists(st.integers(0, 20), max_size=2),
    is_planned_again=st.booleans(),
)


def wanted(step: Step) -> DesiredState:
    found = desired(
        *(declared(f"entitlement/{s}", name=s, type=t) for s, t in ENTITLEMENTS.items()),
        declared("family/growth", name=step.name, type="PAID"),
        *(declared(f"family/growth/grant/{s}", value=v) for s, v in step.grants.items()),
    )
    family = next(each for each in found.resources if each.kind == "family")
    lists = {each.child_list for each in found.resources if each.child_list is not None}
    if not lists:
        return found.changed(terms={family: FamilyTerms()})
    return found.changed(terms={family: FamilyTerms()}, owns=frozenset(lists))


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder)) as running:
        yield running


def allowed(api: httpx.Client) -> dict[tuple[str, str], float]:
    """What the server lets each holder do, by instance and entitlement."""
    found: dict[tuple[str, str], float] = {}
    for instance in api.get("/instances", params={"limit": 200}).json()["items"]:
        slug = instance["slug"]
        for used in api.get(f"/instances/{slug}/entitlements/usage").json() or ():
            is_counted = ENTITLEMENTS[used["entitlementSlug"]] == "NUMBER"
            most = float((used["limit"] if is_counted else used["value"])["value"])
            found[slug, used["entitlementSlug"]] = math.inf if most == -1 else most
    return found


def buy(api: httpx.Client, step: Step, place: int) -> None:
    versions = api.get("/licenses", params={"limit": 200}).json()["items"]
    on_sale = [each for each in versions if each["lifecycleState"] == "PUBLISHED"]
    # An apply that ended before it made the only version the default left nothing else to sell.
    served = next((each for each in on_sale if each["isDefault"]), None)
    served = served or max(on_sale, key=lambda each: int(each["version"]))
    for number in range(step.buyers):
        slug = f"buyer-{place}-{number}"
        make(api, "/instances", **{**instance_body(api, slug=slug), "licenseId": served["id"]})


def use(api: httpx.Client, held: Iterable[tuple[str, str]], value: float) -> None:
    body = {"value": {"type": "number", "value": value}, "behavior": "set"}
    for slug, entitlement in held:
        if ENTITLEMENTS[entitlement] == "NUMBER":
            api.post(f"/instances/{slug}/entitlements/{entitlement}/usage", json=body)


@settings(
    max_examples=20,
    derandomize=True,
)
@given(history=st.lists(steps, min_size=2, max_size=4))
def test_no_plan_takes_anything_from_a_present_holder(
    server: EmbeddedServer, history: list[Step]
) -> None:
    connection = ConnectionSettings(url=server.url, token=server.new_organization())
    headers = {"Authorization": f"Bearer {connection.token}"}
    catalog, faulty = HttpCatalog(connection), Faulty(connection)
    try:
        with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
            for place, step in enumerate(history):
                declaration = wanted(step)
                before = allowed(api)
                plan = plan_for(declaration, catalog, TARGET)
                use(api, before, step.reported)
                assert write_plan(plan_for(declaration, catalog, TARGET)) == write_plan(plan)
                ids = [change.id for change in plan.changes]
                faulty.refused = {ids[i] for i in step.faults[:1] if i < len(ids)}
                faulty.lost = {ids[i] for i in step.faults[1:] if i < len(ids)}
                apply(plan, faulty, workers=4)
                if step.is_planned_again:
                    plan = plan_for(declaration, catalog, TARGET)
                assert apply(plan, catalog, workers=4).is_complete
                after = allowed(api)
                # What is not granted may not be used, and a grant of `false` is the same.
                assert [key for key, most in before.items() if after.get(key, 0) < most] == []
                assert plan_for(declaration, catalog, TARGET).is_empty
                buy(api, step, place)
    finally:
        catalog._client.close()
        faulty._client.close()
