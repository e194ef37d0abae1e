"""A reset period set on a counter in use: said, and done only if it is named."""

from __future__ import annotations

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.values import TARGET, address, declared, desired, live_state, proposal, sentences

from kaiten_sync.errors import CredentialError, KaitenSyncError
from kaiten_sync.model.holder import Instance
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState, LiveResource
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.pipeline import make_plan
from kaiten_sync.plan.build import Proposal
from kaiten_sync.report.plan_html import plan_html
from kaiten_sync.report.plan_markdown import plan_markdown
from kaiten_sync.report.plan_text import plan_text

WANTED = desired(declared("entitlement/e", name="E", type="NUMBER", resetPeriod="MONTH"))
LIVE = (
    live("entitlement/e", name="E", type="NUMBER"),
    live("license/l", name="L"),
    live("license/l/grant/e", value=1),
    live("license/other", name="L"),
)
WARNING = (
    "entitlement/e: `resetPeriod: MONTH` restarts the usage of every instance at 0; once set, it"
    " cannot be removed"
)


def instance(license_slug: str) -> Instance:
    return Instance(slug="i1", name="I", license=license_slug, customer="C")


def plan(
    catalog: FakeCatalog, wanted: DesiredState = WANTED, allowed: tuple[str, ...] = ()
) -> Proposal:
    return make_plan(
        wanted,
        catalog,
        target=TARGET,
        scope=Scope(),
        policy=Policy(),
        progress=NoProgress(),
        allowed=frozenset(address(text) for text in allowed),
    )


def test_a_counter_in_use_is_restarted_only_if_it_is_named() -> None:
    catalog = FakeCatalog(*LIVE, instances=[instance("l")])
    (finding,) = sentences(plan(catalog).refusals)
    assert finding == (
        "entitlement/e: `resetPeriod: MONTH` restarts the usage of instance/i1 at 0, which"
        " cannot be undone; remove it, or pass --allow entitlement/e"
    )
    made = plan(catalog, allowed=("entitlement/e",))
    assert made.refusals == ()
    assert made.plan.guards.allowed == {address("entitlement/e")}
    assert made.plan.warnings == (WARNING,)


@pytest.mark.parametrize("holding", [[], [instance("other")]])
def test_a_counter_that_nobody_can_use_is_restarted(holding: list[Instance]) -> None:
    made = plan(FakeCatalog(*LIVE, instances=holding))
    assert made.refusals == ()
    assert made.plan.warnings == (WARNING,)


def test_a_counter_is_not_restarted_unseen() -> None:
    fails: dict[str, KaitenSyncError] = {
        "list instances": CredentialError("the token lacks read:instances")
    }
    (finding,) = sentences(plan(FakeCatalog(*LIVE, fails=fails)).refusals)
    assert "(they could not be listed: the token lacks read:instances)" in finding


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ((), WANTED),
        ((live("entitlement/e", name="E", type="NUMBER", resetPeriod="MONTH"),), WANTED),
        (LIVE, desired(declared("entitlement/e", name="New", type="NUMBER"))),
    ],
)
def test_nothing_else_restarts_a_counter(
    known: tuple[LiveResource, ...], wanted: DesiredState
) -> None:
    made = proposal(wanted, live_state(*known))
    assert made.refusals == ()
    assert made.plan.warnings == ()


def test_every_format_shows_it() -> None:
    made = plan(FakeCatalog(*LIVE)).plan
    for text in (plan_text(made, color=False, width=200), plan_markdown(made), plan_html(made)):
        assert "of every instance at 0" in text
