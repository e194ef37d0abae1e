"""Git now, the committed plan, live: who moved."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.catalog import live
from tests.support.values import TARGET, declared, desired, live_state, proposal

from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.diff.sides import with_sides
from kaiten_sync.diff.undo import undoing
from kaiten_sync.model.drift import Difference, Verdict
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.settings import Prune, Scope
from kaiten_sync.plan.leaving import ownership

assert TARGET.name == "local"

OLD = {"name": "Old", "type": "PAID", "description": "d"}
NEW = {"name": "New", "type": "PAID", "description": "d"}
OTHER = {"name": "Other", "type": "PAID", "description": "d"}


def license_(fields: dict[str, Any] | None) -> list[Resource]:
    return [] if fields is None else [declared("license/l", **fields)]


def on_server(fields: dict[str, Any] | None) -> LiveState:
    return live_state() if fields is None else live_state(live("license/l", **fields))


def agreed(fields: dict[str, Any] | None) -> Plan:
    """The committed plan of what was applied long ago."""
    wanted = desired(*license_(fields))
    return proposal(wanted, on_server(fields)).plan


def judged(wanted: DesiredState, found: LiveState, plan: Plan) -> tuple[Difference, ...]:
    differences = diff_catalog(wanted, found, Scope()).differences
    owned = ownership(wanted, Scope(), Prune.OWNED, plan)
    going = owned.leaving(differences, found).going
    return with_sides(differences, wanted, found, plan, going)


@pytest.mark.parametrize(
    ("git", "before", "server", "verdict"),
    [
        (OLD, OLD, OLD, None),
        (NEW, OLD, OLD, Verdict.GIT_AHEAD),
        (OLD, OLD, NEW, Verdict.SERVER_EDITED),
        (NEW, OLD, OTHER, Verdict.CONFLICT),
        (NEW, OLD, NEW, None),
        (NEW, None, None, Verdict.GIT_AHEAD),
        (NEW, None, OLD, Verdict.GIT_AHEAD),
        (OLD, OLD, None, Verdict.MISSING),
        (NEW, OLD, None, Verdict.MISSING),
        (None, OLD, OLD, Verdict.GIT_AHEAD),
        (None, OLD, NEW, Verdict.GIT_AHEAD),
        (None, None, OLD, Verdict.UNMANAGED),
        (None, OLD, None, None),
    ],
)
def test_the_three_sides(
    git: dict[str, Any] | None,
    before: dict[str, Any] | None,
    server: dict[str, Any] | None,
    verdict: Verdict | None,
) -> None:
    found = judged(desired(*license_(git)), on_server(server), agreed(before))
    assert [difference.verdict for difference in found] == ([] if verdict is None else [verdict])


def test_what_the_plan_is_still_to_do_is_ahead() -> None:
    wanted, found = desired(*license_(NEW)), on_server(OLD)
    plan = proposal(wanted, found).plan  # planned and committed, and not applied yet
    (difference,) = judged(wanted, found, plan)
    assert difference.verdict is Verdict.GIT_AHEAD
    (edited,) = judged(wanted, on_server(OTHER), plan)
    assert edited.verdict is Verdict.SERVER_EDITED
    creating = proposal(wanted, on_server(None)).plan
    (missing,) = judged(wanted, on_server(None), creating)
    assert missing.verdict is Verdict.GIT_AHEAD


def test_what_an_applied_plan_created_and_is_gone_was_deleted_by_somebody() -> None:
    wanted = desired(declared("group/a", name="A"), declared("group/b", name="B"))
    plan = proposal(wanted, live_state()).plan
    found = live_state(live("group/a", name="A"))
    (difference,) = judged(wanted, found, plan)
    assert (str(difference.address), difference.verdict) == ("group/b", Verdict.MISSING)


@pytest.mark.parametrize(
    "git",
    [
        {**NEW, "versionName": "Spring"},
        {"name": "New", "type": "PAID"},
        {"name": "New"},
        {**NEW, "versionName": "Spring", "isDefault": True},
    ],
)
def test_git_is_ahead_also_where_it_declares_other_fields_than_before(git: dict[str, Any]) -> None:
    (difference,) = judged(desired(*license_(git)), on_server(OLD), agreed(OLD))
    assert difference.verdict is Verdict.GIT_AHEAD


def test_a_conflict_says_which_fields_moved_where() -> None:
    git = {**OLD, "name": "New"}
    server = {**OLD, "description": "edited"}
    (difference,) = judged(desired(*license_(git)), on_server(server), agreed(OLD))
    assert difference.verdict is Verdict.CONFLICT
    assert difference.server_edited == ("description",)
    found = undoing([difference])
    (undone,) = found.differences
    assert [(f.name, f.before, f.after) for f in undone.fields] == [("description", "edited", "d")]
    assert found.notes == ()


def test_a_field_that_changed_on_both_sides_is_for_a_person() -> None:
    (difference,) = judged(desired(*license_(NEW)), on_server(OTHER), agreed(OLD))
    assert difference.server_edited is None
    found = undoing([difference])
    assert found.differences == ()
    assert found.notes[0].sentence.startswith("license/l: git and the server both changed it")
    (named,) = undoing([difference], {difference.address}).differences
    assert [(f.name, f.before, f.after) for f in named.fields] == [("name", "Other", "New")]


def test_what_the_committed_plan_creates_and_is_gone_is_reverted_by_name() -> None:
    created = proposal(desired(*license_(OLD)), live_state()).plan
    (difference,) = judged(desired(*license_(OLD)), live_state(), created)
    assert difference.verdict is Verdict.GIT_AHEAD
    assert undoing([difference], (), created.managed).differences == ()
    assert undoing([difference], {difference.address}, created.managed).differences


@pytest.mark.parametrize("server", [None, OLD], ids=["never planned", "changed in git"])
def test_a_named_object_that_git_is_ahead_with_is_left_to_a_plan(
    server: dict[str, Any] | None,
) -> None:
    before = agreed(server)
    (difference,) = judged(desired(*license_(NEW)), on_server(server), before)
    found = undoing([difference], {difference.address}, before.managed)
    assert found.differences == ()
    assert [note.rule for note in found.notes] == ["left-to-plan"]


def test_what_was_agreed_is_recovered_from_what_the_plan_wrote() -> None:
    creating = proposal(desired(*license_(OLD)), live_state()).plan
    (difference,) = judged(desired(*license_(NEW)), on_server(OTHER), creating)
    assert difference.verdict is Verdict.CONFLICT
    assert difference.agreed == {"name": "Old"}
    assert difference.server_edited == difference.changed_in_git == ("name",)


@pytest.mark.parametrize(
    ("git", "before", "server", "verdict", "agreed_overage"),
    [
        ({"value": 60}, {"value": 50}, {"value": 50, "overagePercent": 20}, "conflict", 0),
        ({"value": 50}, {"value": 50}, {"value": 50, "overagePercent": 20}, "server-edited", 0),
        (
            {"value": 10},
            {"value": 50, "overagePercent": 20},
            {"value": 50, "overagePercent": 20},
            "git-ahead",
            20,
        ),
        (
            {"value": 50},
            {"value": 50, "overagePercent": 20},
            {"value": 50, "overagePercent": 30},
            "conflict",
            None,
        ),
    ],
)
def test_an_overage_that_is_left_out_has_sides_too(
    git: dict[str, Any],
    before: dict[str, Any],
    server: dict[str, Any],
    verdict: str,
    agreed_overage: int | None,
) -> None:
    base = [declared("entitlement/e", name="E", type="NUMBER"), declared("license/l", name="L")]
    there = [live("entitlement/e", name="E", type="NUMBER"), live("license/l", name="L")]
    grant = "license/l/grant/e"
    plan = proposal(
        desired(*base, declared(grant, **before)), live_state(*there, live(grant, **before))
    ).plan
    found = live_state(*there, live(grant, **server))
    (difference,) = judged(desired(*base, declared(grant, **git)), found, plan)
    assert difference.verdict == verdict
    known = difference.agreed or {}
    assert known.get("overagePercent") == agreed_overage


def test_only_edits_on_the_server_are_undone() -> None:
    wanted = desired(
        declared("group/ahead", name="New"),
        declared("group/edited", name="Name"),
        declared("group/missing", name="Name"),
    )
    before = desired(
        declared("group/ahead", name="Name"),
        declared("group/edited", name="Name"),
        declared("group/missing", name="Name"),
    )
    applied = live_state(*(live(f"group/{n}", name="Name") for n in ("ahead", "edited", "missing")))
    found = live_state(
        live("group/ahead", name="Name"),
        live("group/edited", name="Theirs"),
        live("group/theirs", name="Theirs"),
    )
    undone = undoing(judged(wanted, found, proposal(before, applied).plan)).differences
    assert [str(each.address) for each in undone] == ["group/edited", "group/missing"]


def test_spelling_is_no_side() -> None:
    """What is agreed is fingerprinted as it is compared: numbers and sets in one spelling."""
    before = desired(
        declared("entitlement/e", name="E", type="NUMBER", groups=["b", "a"]),
        declared("license/l", name="L"),
        declared("license/l/grant/e", value=1000.0, overagePercent=None),
    )
    applied = live_state(
        live("entitlement/e", name="E", type="NUMBER", groups=["a", "b"]),
        live("license/l", name="L"),
        live("license/l/grant/e", value=1000, overagePercent=0),
    )
    wanted = desired(
        declared("entitlement/e", name="Else", type="NUMBER", groups=["a", "b"]),
        declared("license/l", name="L"),
        declared("license/l/grant/e", value=5, overagePercent=None),
    )
    found = judged(wanted, applied, proposal(before, applied).plan)
    assert {difference.verdict for difference in found} == {Verdict.GIT_AHEAD}
    assert len(found) == 2
