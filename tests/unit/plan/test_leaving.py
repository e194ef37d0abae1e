"""Of everything that is not declared: whether it stays, goes, or is let go, and why."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Policy, Prune, Scope
from kaiten_sync.plan.leaving import Fate, Leaving, ownership

LIVE = live_state(
    live("entitlement/e", name="E", type="NUMBER"),
    live("license/mine", name="M"),
    live("license/mine/grant/e", value=1),
    live("license/theirs", name="T"),
)
MANAGED = desired(
    declared("entitlement/e", name="E", type="NUMBER"),
    declared("license/mine", name="M"),
    declared("license/mine/grant/e", value=1),
)
BEFORE = proposal(MANAGED, LIVE).plan
NOTHING = desired()


def leaving(
    wanted: DesiredState, prune: Prune = Prune.OWNED, scope: Scope | None = None
) -> Leaving:
    scope = scope or Scope()
    owned = ownership(wanted, scope, prune, BEFORE)
    return owned.leaving(diff_catalog(wanted, LIVE, scope).differences, LIVE)


def fates(found: Leaving) -> Mapping[str, tuple[Fate, str | None]]:
    return {str(a): (each.fate, each.reason) for a, each in found.departures.items()}


def test_what_a_plan_managed_goes_and_the_rest_stays() -> None:
    assert fates(leaving(NOTHING)) == {
        "entitlement/e": (Fate.GOES, "no longer declared; an earlier plan managed it"),
        "license/mine": (Fate.GOES, "no longer declared; an earlier plan managed it"),
        "license/mine/grant/e": (Fate.GOES, "deleted with its license"),
        "license/theirs": (Fate.STAYS, None),
    }


def test_a_policy_that_never_deletes_lets_go() -> None:
    found = fates(leaving(NOTHING, Prune.NEVER))
    assert found["license/mine"] == (Fate.LET_GO, "prune is never")
    assert not leaving(NOTHING, Prune.NEVER).going


def test_a_license_that_no_longer_declares_its_grants_lets_them_go() -> None:
    wanted = desired(
        declared("entitlement/e", name="E", type="NUMBER"), declared("license/mine", name="M")
    )
    assert fates(leaving(wanted)) == {
        "license/mine/grant/e": (
            Fate.LET_GO,
            "license/mine no longer declares what it contains",
        ),
        "license/theirs": (Fate.STAYS, None),
    }


def test_grants_that_no_plan_managed_are_foreign() -> None:
    wanted = desired(
        declared("entitlement/e", name="E", type="NUMBER"), declared("license/mine", name="M")
    )
    owned = ownership(NOTHING, Scope(), Prune.OWNED, proposal(wanted, LIVE).plan)
    found = owned.leaving(diff_catalog(NOTHING, LIVE, Scope()).differences, LIVE)
    assert [str(each.address) for each in found.of(Fate.GOES) if each.is_foreign] == [
        "license/mine/grant/e"
    ]


@pytest.mark.parametrize("prune", [Prune.OWNED, Prune.NEVER])
def test_a_plan_names_what_it_lets_go(prune: Prune) -> None:
    made = proposal(NOTHING, LIVE, Policy(prune=prune), previous=BEFORE).plan
    named = {str(each.address): each.reason for each in made.left}
    expected = "prune is never"
    assert named.get("license/mine") == (expected if prune is Prune.NEVER else None)


@pytest.mark.parametrize("prune", list(Prune))
def test_planning_again_names_it_again(prune: Prune) -> None:
    made = proposal(NOTHING, LIVE, Policy(prune=prune), previous=BEFORE).plan
    again = proposal(NOTHING, LIVE, Policy(prune=prune), previous=made).plan
    assert again == made


def test_a_grant_that_was_added_by_hand_is_named_and_is_a_difference() -> None:
    wanted = desired(declared("license/mine", name="M", type="PAID"), owns=("mine",))
    made = proposal(wanted, LIVE, Policy(prune=Prune.OWNED)).plan
    (left,) = made.left
    assert (str(left.address), left.is_drift) == ("license/mine/grant/e", True)
    assert left.reason == "no plan managed it"
    assert made.has_differences
