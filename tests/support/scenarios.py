"""Small plans, each around one kind of operation, as a catalog before and a catalog after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.values import declared, desired

from kaiten_sync.api.catalog import HttpCatalog
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Catalog, NoProgress
from kaiten_sync.model.resource import DesiredState, Resource
from kaiten_sync.model.settings import Limit, Policy, Prune, Scope
from kaiten_sync.pipeline import apply_plan, make_plan

TARGET = TargetRef("test", "http://127.0.0.1")
EVERYTHING = Policy(prune=Prune.ALL, max_deletes=Limit(percent=100), max_updates=Limit(percent=100))


@dataclass(frozen=True, slots=True)
class Scenario:
    """From one catalog to another. Everything in `before` is there first."""

    before: Sequence[Resource]
    after: Sequence[Resource]


GROUP = declared("group/quotas", name="Quotas")
CALLS = declared("entitlement/calls", name="Calls", type="NUMBER")
SSO = declared("entitlement/sso", name="SSO", type="BOOLEAN")
GROWTH = declared("license/growth", name="Growth", type="PAID")
GRANT = declared("license/growth/grant/calls", value=1000)


def growth(**fields: object) -> Resource:
    return declared("license/growth", name="Growth", type="PAID", **fields)


def second(**fields: object) -> Resource:
    return declared("license/growth-v2", name="Growth", type="PAID", familySlug="growth", **fields)


SCENARIOS = {
    "create a group": Scenario([], [GROUP]),
    "create an entitlement": Scenario(
        [GROUP],
        [GROUP, declared("entitlement/events", name="Events", type="NUMBER", groups=["quotas"])],
    ),
    "create a license": Scenario([CALLS], [CALLS, growth(isDefault=True), GRANT]),
    "create a grant": Scenario(
        [CALLS, SSO, GROWTH, GRANT],
        [CALLS, SSO, GROWTH, GRANT, declared("license/growth/grant/sso", value=True)],
    ),
    "create a version": Scenario([CALLS, GROWTH, GRANT], [CALLS, GROWTH, GRANT, second()]),
    "update a group": Scenario([GROUP], [declared("group/quotas", name="Limits")]),
    "update an entitlement": Scenario(
        [CALLS], [declared("entitlement/calls", name="API calls", type="NUMBER", icon="lucide:key")]
    ),
    "update a license": Scenario([GROWTH], [growth(description="For teams")]),
    "update a grant": Scenario(
        [CALLS, GROWTH, GRANT],
        [CALLS, GROWTH, declared("license/growth/grant/calls", value=5, overagePercent=20)],
    ),
    "delete a group": Scenario([GROUP, CALLS], [CALLS]),
    "delete an entitlement": Scenario([CALLS, SSO], [CALLS]),
    "delete a license": Scenario([CALLS, GROWTH, GRANT], [CALLS]),
    "delete a grant": Scenario(
        [CALLS, SSO, GROWTH, GRANT, declared("license/growth/grant/sso", value=True)],
        [CALLS, SSO, GROWTH, GRANT],
    ),
    "publish": Scenario([growth(lifecycleState="DRAFT")], [growth(lifecycleState="PUBLISHED")]),
    "archive": Scenario([growth(lifecycleState="PUBLISHED")], [growth(lifecycleState="ARCHIVED")]),
    "unarchive": Scenario(
        [growth(lifecycleState="ARCHIVED")], [growth(lifecycleState="PUBLISHED")]
    ),
    "change the default": Scenario(
        [growth(isDefault=True), second()], [growth(isDefault=False), second(isDefault=True)]
    ),
    "replace the default": Scenario([growth(isDefault=True), second()], [second(isDefault=True)]),
}


EVERYTHING_AT_ONCE = Scenario(
    before=[
        declared("group/g1", name="One"),
        declared("group/g2", name="Two"),
        *(declared(f"entitlement/e{i}", name=f"E{i}", type="NUMBER") for i in range(6)),
        *(declared(f"license/l{i}", name=f"L{i}", type="PAID") for i in range(4)),
        *(declared(f"license/l{i}/grant/e{j}", value=10 * j) for i in range(4) for j in range(5)),
    ],
    after=[
        declared("group/g1", name="Eins"),
        declared("group/g3", name="Three"),
        *(
            declared(f"entitlement/e{i}", name=f"E{i}", type="NUMBER", groups=["g3"])
            for i in range(1, 8)
        ),
        declared("license/l0", name="L0", type="PAID", isDefault=True),
        declared("license/l1", name="L1", type="PAID", lifecycleState="ARCHIVED"),
        declared("license/l2", name="L2", type="TRIAL"),
        declared("license/l9", name="L9", type="PAID", isDefault=True),
        *(
            declared(f"license/l{i}/grant/e{j}", value=11 * j)
            for i in (0, 1, 2, 9)
            for j in range(2, 8)
        ),
    ],
)
"""A plan with every kind of operation in it."""


def plan_for(wanted: DesiredState, catalog: HttpCatalog, target: TargetRef = TARGET) -> Plan:
    """The plan, which no guard may refuse."""
    proposal = make_plan(
        wanted, catalog, target=target, scope=Scope(), policy=EVERYTHING, progress=NoProgress()
    )
    assert proposal.refusals == ()
    return proposal.plan


def apply(plan: Plan, catalog: HttpCatalog, workers: int = 1) -> ApplyResult:
    return apply_plan(
        plan, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=workers
    )


def apply_first(count: int, plan: Plan, catalog: Catalog) -> None:
    """Begin so many changes of a plan, one after another, and stop."""
    asked = iter(range(count))
    apply_plan(
        plan,
        catalog,
        progress=NoProgress(),
        is_stopped=lambda: next(asked, None) is None,
        workers=1,
    )


def prepare(before: Sequence[Resource], catalog: HttpCatalog) -> None:
    """Bring an empty organization there."""
    assert apply(plan_for(desired(*before), catalog), catalog, workers=4).is_complete
