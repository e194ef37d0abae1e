"""Values that the reports are shown with."""

from __future__ import annotations

import pytest
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.resource import DesiredState, LiveResource, LiveState
from kaiten_sync.model.settings import Policy, Prune, Scope


def found(address: str, **fields: object) -> LiveResource:
    """A live object that Ann edited."""
    return LiveResource(
        address=parse_address(address),
        id=f"id-of-{address}",
        fields=fields,  # type: ignore[arg-type]
        updated_by="ann@example.com",
        updated_at="2025-11-20T10:00:00Z",
    )


@pytest.fixture
def wanted() -> DesiredState:
    return desired(
        declared("group/quotas", name="Quotas"),
        declared("entitlement/api-calls", name="API Calls", type="NUMBER"),
        declared("entitlement/branding", name="Branding", type="CONFIG"),
        declared("license/growth", name="Growth", type="PAID"),
        declared("license/growth/grant/api-calls", value=500),
        declared("license/growth/grant/branding", value={"theme": "light", "logos": [1, 2]}),
        declared("license/pro", name="Pro", type="PAID"),
        declared("license/pro/grant/api-calls", value="unlimited"),
    )


@pytest.fixture
def live() -> LiveState:
    return live_state(
        found("entitlement/api-calls", name="API calls", type="NUMBER"),
        found("entitlement/branding", name="Branding", type="CONFIG"),
        found("license/growth", name="Growth", type="PAID"),
        found("license/growth/grant/api-calls", value=1000),
        found("license/growth/grant/branding", value={"theme": "dark", "logos": [1]}),
        found("license/old", name="Old", type="PAID", lifecycleState="PUBLISHED"),
        found("license/old/grant/api-calls", value=3),
    )


@pytest.fixture
def plan(wanted: DesiredState, live: LiveState) -> Plan:
    return proposal(wanted, live, Policy(prune=Prune.ALL)).plan


@pytest.fixture
def nothing_to_do() -> Plan:
    return proposal(
        desired(declared("group/quotas", name="Quotas")),
        live_state(found("group/quotas", name="Quotas")),
    ).plan


@pytest.fixture
def drift(wanted: DesiredState, live: LiveState) -> DriftReport:
    return DriftReport(
        target=TargetRef("prod", "https://kaiten.example.com"),
        differences=diff_catalog(wanted, live, Scope()).differences,
        compared=len(wanted.resources),
    )
