"""Ownership over any sequence of plans: only what git managed goes, and nothing is forgotten."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal

from kaiten_sync.model.change import Action
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Limit, Policy
from kaiten_sync.plan.plan_file import read_plan, write_plan

GROUPS = [f"group/g{number}" for number in range(6)]
FREE = Policy(max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
SOME = st.frozensets(st.sampled_from(GROUPS))


def git(texts: frozenset[str]) -> DesiredState:
    return desired(*(declared(text, name="Name") for text in sorted(texts)))


def server(texts: frozenset[str]) -> LiveState:
    return live_state(*(live(text, name="Name") for text in sorted(texts)))


def plan(wanted: frozenset[str], found: frozenset[str], previous: Plan | None) -> Plan:
    made = proposal(git(wanted), server(found), FREE, previous=previous)
    assert made.refusals == ()
    return read_plan(write_plan(made.plan))


def deleted(made: Plan) -> frozenset[str]:
    return frozenset(str(c.address) for c in made.changes if c.action == Action.DELETE)


@settings(max_examples=300)
@given(first=SOME, second=SOME, third=SOME, found=SOME, left=SOME)
def test_only_what_is_owned_goes_and_nothing_is_forgotten(
    first: frozenset[str],
    second: frozenset[str],
    third: frozenset[str],
    found: frozenset[str],
    left: frozenset[str],
) -> None:
    one = plan(first, found, None)
    assert deleted(one) == set()
    two = plan(second, found, one)
    assert deleted(two) == (first - second) & found
    # Planning again before anything is applied changes nothing.
    assert plan(second, found, two) == two
    # Of what was to go some is gone meanwhile: the rest still goes, and nothing comes to it.
    still = found - (deleted(two) - left)
    three = plan(second, still, two)
    assert deleted(three) == deleted(two) & left
    # Git moves on before that is done: what was to go is still owned.
    four = plan(third, still, three)
    assert deleted(four) == ((second | deleted(three)) - third) & still


@settings(max_examples=100)
@given(first=SOME, second=SOME, found=SOME)
def test_what_is_deleted_once_is_not_owned_for_good(
    first: frozenset[str], second: frozenset[str], found: frozenset[str]
) -> None:
    two = plan(second, found, plan(first, found, None))
    after = (found | second) - deleted(two)
    three = plan(second, after, two)
    assert deleted(three) == set()
    # Somebody makes it again by hand: it is theirs now.
    assert deleted(plan(second, after | deleted(two), three)) == set()
