"""Who is in what a plan deletes is said to whoever makes it, and is not in the plan."""

from __future__ import annotations

import pytest
from tests.fakes.catalog import live
from tests.support.values import declared, desired, live_state, proposal, sentences

from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Policy, Prune, Scope

GONE = ("gone",)
ALL = Policy(prune=Prune.ALL)


def entitlement(slug: str, groups: tuple[str, ...]) -> LiveResource:
    return live(f"entitlement/{slug}", name=slug, type="BOOLEAN", groups=list(groups))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, None),
        ({"a": ("kept",)}, None),
        ({"a": GONE}, "entitlement/a is"),
        ({"b": GONE, "a": ("gone", "kept")}, "entitlement/a and entitlement/b are"),
        (
            dict.fromkeys("abcd", GONE),
            "entitlement/a, entitlement/b, entitlement/c and entitlement/d are",
        ),
        (
            dict.fromkeys("abcde", GONE),
            "entitlement/a, entitlement/b, entitlement/c and 2 others are",
        ),
    ],
)
def test_members_that_stay_are_named(members: dict[str, tuple[str, ...]], said: str | None) -> None:
    groups = [live("group/gone", name="Gone"), live("group/kept", name="Kept")]
    there = [entitlement(slug, those) for slug, those in members.items()]
    wanted = desired(declared("group/kept", name="Kept"), owns=())
    others = Scope(by_kind={"entitlement": ("other-*",)})
    made = proposal(wanted, live_state(*groups, *there), ALL, scope=others)
    assert [note.split(";")[0] for note in sentences(made.notes)] == (
        [] if said is None else [f"group/gone is deleted, and {said} no longer in it"]
    )
    without = proposal(wanted, live_state(*groups), ALL, scope=others)
    assert (made.plan.changes, made.plan.warnings) == (without.plan.changes, ())


def test_those_that_the_plan_takes_out_are_not() -> None:
    there = live_state(
        live("group/gone", name="Gone"), entitlement("out", GONE), entitlement("deleted", GONE)
    )
    out = desired(declared("entitlement/out", name="out", type="BOOLEAN", groups=[]), owns=())
    assert proposal(out, there, ALL).notes == ()
    silent = desired(declared("entitlement/out", name="out", type="BOOLEAN"), owns=())
    (note,) = sentences(proposal(silent, there, ALL).notes)
    assert "entitlement/out is no longer in it" in note
