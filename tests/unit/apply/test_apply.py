"""Applying: exactly the plan, resumable, one failure blocks only what rests on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.values import address, declared, desired, live_state, proposal, sentences

from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.errors import (
    ContradictedError,
    HeldError,
    ProblemError,
    StalePlanError,
    UnreachableError,
)
from kaiten_sync.model.address import Address
from kaiten_sync.model.outcome import ApplyResult, Outcome, Status
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Look, NoProgress
from kaiten_sync.model.resource import DesiredState, LiveResource
from kaiten_sync.model.settings import Limit, Policy, Prune
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json
from kaiten_sync.pipeline import apply_plan

CATALOG = desired(
    declared("group/quotas", name="Quotas"),
    declared("entitlement/api-calls", name="API Calls", type="NUMBER", groups=["quotas"]),
    declared("entitlement/sso", name="SSO", type="BOOLEAN"),
    declared("license/growth", name="Growth", type="PAID", isDefault=True),
    declared("license/growth/grant/api-calls", value=1000),
    declared("license/growth/grant/sso", value=True),
    declared("license/starter", name="Starter", type="PAID"),
    declared("license/starter/grant/api-calls", value=10),
)

NEVER = 10**6


def plan_against(catalog: FakeCatalog, wanted: DesiredState, policy: Policy | None = None) -> Plan:
    return proposal(wanted, live_state(*catalog.objects.values()), policy).plan


def apply(plan: Plan, catalog: FakeCatalog, *, stop_after: int | None = None) -> ApplyResult:
    asked = count()
    return apply_plan(
        plan,
        catalog,
        progress=NoProgress(),
        is_stopped=lambda: stop_after is not None and next(asked) >= stop_after,
        workers=1 if stop_after is not None else 8,
    )


def test_after_an_apply_the_next_plan_is_empty() -> None:
    catalog = FakeCatalog()
    result = apply(plan_against(catalog, CATALOG), catalog)
    assert result.is_complete
    assert plan_against(catalog, CATALOG).is_empty
    assert catalog.objects[address("license/growth")].fields["lifecycleState"] == "PUBLISHED"


def test_takes_as_many_requests_as_the_plan_says() -> None:
    catalog = FakeCatalog()
    plan = plan_against(catalog, CATALOG)
    apply(plan, catalog)
    assert len(catalog.calls) == plan.requests


def test_applying_again_does_nothing() -> None:
    catalog = FakeCatalog()
    plan = plan_against(catalog, CATALOG)
    apply(plan, catalog)
    catalog.calls.clear()
    result = apply(plan, catalog)
    assert result.is_complete
    assert not result.changed_anything
    assert catalog.writes == []


class Rewriting(FakeCatalog):
    """Keeps something else of a field than it was sent."""

    def __init__(self, name: str, kept: Json | Absent) -> None:
        super().__init__()
        self.name, self.kept = name, kept

    def create(self, address: Address, fields: Fields) -> bool:
        others = {name: value for name, value in fields.items() if name != self.name}
        kept = {} if isinstance(self.kept, Absent) else {self.name: self.kept}
        return super().create(address, others | kept)


@pytest.mark.parametrize(
    ("name", "wanted", "kept", "says"),
    [
        ("description", "What we meter\n", "What we meter", 'description is "What we meter"'),
        ("description", " ", "", 'description is ""'),
        ("description", "", ABSENT, "description is nothing"),
        ("userFacing", True, False, "userFacing is false"),
        ("displayOrder", 2000, 1000, "displayOrder is 1,000"),
        ("groups", ["a", "b"], ["a"], 'groups is ["a"]'),
    ],
)
def test_what_a_server_keeps_instead_is_shown_as_it_is_written(
    name: str, wanted: Json, kept: Json | Absent, says: str
) -> None:
    catalog = Rewriting(name, kept)
    given = {"name": "SSO", "type": "BOOLEAN", name: wanted}
    result = apply(plan_against(catalog, desired(declared("entitlement/sso", **given))), catalog)
    messages = [each.message for each in result.outcomes]
    assert messages == [f"the server accepted it, yet {says}"]


@pytest.mark.parametrize("stop_after", range(12))
def test_an_interrupted_apply_is_finished_by_the_same_plan(stop_after: int) -> None:
    catalog = FakeCatalog()
    plan = plan_against(catalog, CATALOG)
    first = apply(plan, catalog, stop_after=stop_after)
    second = apply(plan, catalog)
    assert second.is_complete
    assert plan_against(catalog, CATALOG).is_empty
    done_first = {o.change_id for o in first.outcomes if o.status is Status.DONE}
    done_second = {o.change_id for o in second.outcomes if o.status is Status.DONE}
    assert not done_first & done_second


def test_one_failure_blocks_only_what_rests_on_it() -> None:
    refused = ProblemError("POST", status=500, code="INTERNAL", error_id="e-1")
    catalog = FakeCatalog(fails={"create entitlement/sso": refused})
    result = apply(plan_against(catalog, CATALOG), catalog)
    by_id = {o.change_id: o for o in result.outcomes}
    assert by_id["create:entitlement/sso"].status is Status.FAILED
    assert by_id["create:entitlement/sso"].code == "INTERNAL"
    assert by_id["create:entitlement/sso"].error_id == "e-1"
    assert by_id["create:license/growth/grant/sso"].status is Status.BLOCKED
    assert by_id["publish:license/growth"].blocked_by == "create:entitlement/sso"
    assert by_id["create:license/growth/grant/api-calls"].status is Status.DONE
    assert by_id["publish:license/starter"].status is Status.DONE


def test_what_has_not_started_when_it_is_stopped_is_not_sent() -> None:
    catalog = FakeCatalog()
    plan = plan_against(
        catalog, desired(*(declared(f"group/g{i:03}", name="G") for i in range(99)))
    )
    result = apply(plan, catalog, stop_after=5)
    assert len(catalog.writes) == 5
    assert result.interrupted
    assert [o.status for o in result.outcomes].count(Status.NOT_TRIED) == 94


def test_a_lost_server_is_not_asked_again_and_again() -> None:
    wanted = desired(*(declared(f"group/g{i:03}", name="G") for i in range(99)))
    gone = {f"create group/g{i:03}": UnreachableError("gone") for i in range(99)}
    catalog = FakeCatalog(fails=gone)  # type: ignore[arg-type]
    result = apply_plan(
        plan_against(catalog, wanted),
        catalog,
        progress=NoProgress(),
        is_stopped=lambda: False,
        workers=4,
    )
    assert len(catalog.writes) == 4
    assert result.access_error == "gone"


def test_a_lost_server_ends_the_run() -> None:
    gone = UnreachableError("gone", hint="check the URL")
    catalog = FakeCatalog(fails={"create group/quotas": gone})
    plan = plan_against(catalog, CATALOG)
    result = apply_plan(plan, catalog, progress=NoProgress(), is_stopped=lambda: False, workers=1)
    assert result.access_error == "gone; check the URL"
    assert not result.is_complete
    assert {o.status for o in result.outcomes} >= {Status.FAILED, Status.BLOCKED}


def test_a_write_that_the_server_swallows_is_found_out() -> None:
    class Swallows(FakeCatalog):
        def update(self, address: Address, fields: Fields, look: Look) -> bool:
            self._call(f"update {address}")
            return True

    catalog = Swallows(live("group/g", name="Old"))
    result = apply(plan_against(catalog, desired(declared("group/g", name="New"))), catalog)
    (outcome,) = result.outcomes
    assert outcome.status is Status.FAILED
    assert 'name is "Old"' in str(outcome.message)
    assert outcome.is_different


# Bound to what it saw


def _stale(plan: Plan, catalog: FakeCatalog) -> tuple[str, ...]:
    with pytest.raises(StalePlanError) as caught:
        apply(plan, catalog)
    assert catalog.writes == []
    return sentences(caught.value.diagnostics)


def test_a_field_changed_since_is_named() -> None:
    catalog = FakeCatalog(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.objects[address("group/g")] = live("group/g", name="Other")
    assert _stale(plan, catalog) == (
        "group/g: name was Old when the plan was made, now it is Other",
    )


def test_a_slug_taken_since_is_named() -> None:
    catalog = FakeCatalog()
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.objects[address("group/g")] = live("group/g", name="Other")
    assert "no such object" in _stale(plan, catalog)[0]


def test_an_object_gone_since_is_named() -> None:
    catalog = FakeCatalog(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.objects.clear()
    assert "now it is gone" in _stale(plan, catalog)[0]


def test_an_edit_that_the_plan_does_not_rest_on_leaves_it_fresh() -> None:
    catalog = FakeCatalog(live("group/g", name="Old"), live("group/h", name="H"))
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.objects[address("group/g")] = live("group/g", name="Old", description="new")
    catalog.objects[address("group/h")] = live("group/h", name="Other")
    assert apply(plan, catalog).is_complete
    assert catalog.objects[address("group/g")].fields["description"] == "new"


def test_a_delete_rests_on_the_whole_object() -> None:
    catalog = FakeCatalog(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(), Policy(prune=Prune.ALL))
    catalog.objects[address("group/g")] = live("group/g", name="Old", description="keep me")
    assert "description" in _stale(plan, catalog)[0]


def test_an_object_made_again_under_the_same_name_is_another() -> None:

    catalog = FakeCatalog(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.objects[address("group/g")] = live("group/g", name="Old").changed(id="another")
    assert "another object has this name now" in _stale(plan, catalog)[0]


def test_many_objects_are_re_read_by_list_and_few_one_by_one() -> None:
    many = [live(f"group/g{i}", name="G") for i in range(9)]
    catalog = FakeCatalog(*many)
    plan = plan_against(catalog, desired(*(declared(f"group/g{i}", name="H") for i in range(9))))
    read_observed(catalog, plan.observed, workers=2)
    assert catalog.calls == ["list group"]
    few = plan_against(catalog, desired(*(declared(f"group/g{i}", name="H") for i in range(8))))
    catalog.calls.clear()
    found = read_observed(catalog, few.observed, workers=2)
    assert len(catalog.calls) == 8
    assert already_done(few, found) == frozenset()


@pytest.mark.parametrize("status", [409, 500, 503])
def test_a_refused_delete_of_what_nobody_refers_to_ends_the_run_before_other_writes(
    status: int,
) -> None:
    """Older servers answer 500 if usage of it is recorded, which no list shows."""
    refused = ProblemError("DELETE /entitlements/old", status=status)
    catalog = FakeCatalog(
        live("entitlement/old", name="Old", type="BOOLEAN"),
        live("entitlement/used", name="Used", type="BOOLEAN"),
        live("license/l", name="L", type="PAID"),
        live("license/l/grant/used", value=True),
        fails={"delete entitlement/old": refused},
    )
    wanted = desired(
        declared("group/g", name="New"),
        declared("license/l", name="L", type="PAID"),
        owns=("l",),
    )
    plan = plan_against(catalog, wanted, Policy(prune=Prune.ALL, max_deletes=Limit(percent=100)))
    result = apply(plan, catalog)
    # The other one is granted, which the server says without a write.
    assert catalog.writes == ["delete entitlement/used", "delete entitlement/old"]
    statuses = {each.change_id: each.status for each in result.outcomes}
    assert statuses.pop("delete:entitlement/old") is Status.FAILED
    assert len(statuses) == 3
    assert {*statuses.values()} == {Status.NOT_TRIED}
    assert not result.changed_anything


def held(*, is_used: bool) -> ProblemError:
    error = HeldError("DELETE", status=409, code="DeleteEntitlement.InUseConflict")
    error.is_used = is_used
    return error


def taking_the_last_grant(error: ProblemError) -> tuple[Plan, FakeCatalog]:
    catalog = FakeCatalog(
        live("entitlement/old", name="Old", type="NUMBER"),
        live("license/l", name="L", type="PAID"),
        live("license/l/grant/old", value=1),
    )
    catalog.granted_error = error
    wanted = desired(
        declared("group/g", name="New"),
        declared("license/l", name="L", type="PAID"),
        owns=("l",),
    )
    policy = Policy(prune=Prune.ALL, max_deletes=Limit(percent=100))
    return plan_against(catalog, wanted, policy), catalog


@pytest.mark.parametrize("error", [held(is_used=False), ProblemError("DELETE", status=500)])
def test_a_delete_that_only_grants_hold_waits_for_them(error: ProblemError) -> None:
    """Older servers answer 500 then, so that says nothing of usage."""
    plan, catalog = taking_the_last_grant(error)
    result = apply(plan, catalog)
    assert result.is_complete
    assert catalog.writes[0] == catalog.writes[-1] == "delete entitlement/old"
    assert {each.status for each in result.outcomes} == {Status.DONE}


def test_a_delete_that_usage_holds_ends_the_run_before_its_grants_go() -> None:
    plan, catalog = taking_the_last_grant(held(is_used=True))
    result = apply(plan, catalog)
    assert catalog.writes == ["delete entitlement/old"]
    assert [each.status for each in result.outcomes].count(Status.FAILED) == 1
    assert result.is_refused
    assert not result.changed_anything


def test_a_delete_whose_grants_others_took_just_now_is_done_once() -> None:
    plan, catalog = taking_the_last_grant(held(is_used=False))
    del catalog.objects[address("license/l/grant/old")]
    result = apply(plan, catalog)
    assert result.is_complete
    assert catalog.writes.count("delete entitlement/old") == 1


# Checked again right before each write


class Meddled(FakeCatalog):
    """Somebody else changes an object between the check of the plan and its write."""

    def meddle(self, call: str, change: Callable[[], None], at: int = 2) -> None:
        self._meddling = (call, change, at)

    def _call(self, what: str) -> None:
        super()._call(what)
        call, change, at = getattr(self, "_meddling", ("", None, 0))
        if what == call and change is not None and self.calls.count(what) == at:
            change()


def renamed(catalog: FakeCatalog, where: str, name: str) -> Callable[[], None]:
    def change() -> None:
        catalog.objects[address(where)] = live(where, name=name)

    return change


def test_an_edit_right_before_a_write_is_left_alone() -> None:
    catalog = Meddled(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.meddle("get group/g", renamed(catalog, "group/g", "Theirs"))
    result = apply(plan, catalog)
    (outcome,) = result.outcomes
    assert (outcome.status, outcome.is_conflict) == (Status.FAILED, True)
    assert "name was Old when the plan was made, now it is Theirs" in str(outcome.message)
    assert catalog.writes == []
    assert result.is_refused


def test_an_edit_right_before_a_deletion_saves_the_object() -> None:
    catalog = Meddled(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(), Policy(prune=Prune.ALL))
    catalog.meddle("get group/g", renamed(catalog, "group/g", "Theirs"))
    assert apply(plan, catalog).is_refused
    assert address("group/g") in catalog.objects


def test_what_another_apply_of_the_same_plan_just_did_is_already_done() -> None:
    catalog = Meddled(live("group/g", name="Old"))
    plan = plan_against(catalog, desired(declared("group/g", name="New")))
    catalog.meddle("get group/g", renamed(catalog, "group/g", "New"))
    result = apply(plan, catalog)
    assert result.is_complete
    assert [outcome.status for outcome in result.outcomes] == [Status.ALREADY_DONE]
    assert catalog.writes == []


def test_a_field_that_was_not_set_and_now_is_makes_a_plan_stale() -> None:
    catalog = FakeCatalog(live("entitlement/e", name="E", type="NUMBER"))
    plan = plan_against(
        catalog, desired(declared("entitlement/e", name="E", type="NUMBER", icon="lucide:key"))
    )
    catalog.objects[address("entitlement/e")] = live(
        "entitlement/e", name="E", type="NUMBER", icon="lucide:lock"
    )
    with pytest.raises(StalePlanError) as stale:
        apply(plan, catalog)
    assert sentences(stale.value.diagnostics) == (
        "entitlement/e: icon was nothing when the plan was made, now it is lucide:lock",
    )


@pytest.mark.parametrize(
    ("units", "then", "now"),
    [
        ({}, "1,000", "500"),
        ({"unitSingular": "call", "unitPlural": "calls"}, "1,000 calls", "500 calls"),
        ({"unitSingular": "GB", "unitPlural": "GB"}, "1 TB", "500 GB"),
    ],
)
def test_a_stale_number_has_its_unit(units: Fields, then: str, now: str) -> None:
    entitlement = {"name": "E", "type": "NUMBER", **units}
    grant = "license/l/grant/e"
    objects = [live("entitlement/e", **entitlement), live("license/l", name="L", type="PAID")]
    catalog = Meddled(*objects, live(grant, value=1000))
    wanted = desired(
        declared("entitlement/e", **entitlement),
        declared("license/l", name="L", type="PAID"),
        declared(grant, value=2000),
    )
    plan = plan_against(catalog, wanted)
    said = f"value was {then} when the plan was made, now it is {now}"

    def edit() -> None:
        catalog.objects[address(grant)] = live(grant, value=500)

    catalog.calls.clear()
    catalog.meddle(f"get {grant}", edit, at=1)
    (outcome,) = apply(plan, catalog).outcomes
    assert said in str(outcome.message)
    assert _stale(plan, catalog) == (f"{grant}: {said}",)


def test_the_journal_is_told_each_outcome_once_and_those_of_a_list_together() -> None:
    class Told:
        def __init__(self) -> None:
            self.together: list[list[str]] = []

        def record(self, outcomes: Sequence[Outcome]) -> None:
            self.together.append([each.change_id for each in outcomes])

    told, catalog = Told(), FakeCatalog()
    result = apply_plan(
        plan_against(catalog, CATALOG),
        catalog,
        progress=NoProgress(),
        is_stopped=lambda: False,
        journal=told,
    )
    each_told = sorted(each for together in told.together for each in together)
    assert each_told == sorted(o.change_id for o in result.outcomes)
    of_growth = [f"create:license/growth/grant/{each}" for each in ("api-calls", "sso")]
    assert of_growth in map(sorted, told.together)


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        *((422, True), (409, True), (404, True), (412, True), (428, True)),
        *((408, False), (421, False), (423, False), (425, False), (429, False), (503, False)),
    ],
)
def test_a_refusal_that_cannot_pass_is_final(status: int, is_final: bool) -> None:
    assert ProblemError("POST /licenses", status=status).is_final is is_final


def test_what_the_server_has_and_does_not_show_is_said_to_be_there() -> None:
    """Its reads may be late: a plan that is applied again at once creates what is there."""
    refused = ContradictedError("POST /entitlements", status=409)
    catalog = FakeCatalog(fails={"create entitlement/e": refused})
    plan = plan_against(catalog, desired(declared("entitlement/e", name="E", type="BOOLEAN")))
    (outcome,) = apply(plan, catalog).outcomes
    assert (outcome.status, outcome.is_contradicted) == (Status.FAILED, True)


def test_the_grants_of_a_license_are_sent_one_after_another() -> None:
    """They count as done once all are there: a long apply that is killed can name most of them."""
    slugs = [f"e{number}" for number in range(3)]
    wanted = desired(
        *(declared(f"entitlement/{slug}", name=slug, type="NUMBER") for slug in slugs),
        *(declared(f"license/{name}", name=name, type="PAID") for name in "abc"),
        *(declared(f"license/{name}/grant/{slug}", value=1) for name in "abc" for slug in slugs),
    )
    catalog = FakeCatalog()
    apply(plan_against(catalog, wanted), catalog, stop_after=NEVER)
    grants = [call for call in catalog.writes if "/grant/" in call]
    assert grants == sorted(grants)


# What is inside objects that were seen whole


def versions(*grants: LiveResource) -> FakeCatalog:
    """A license with some grants, of a family that a server has."""
    return FakeCatalog(
        live("entitlement/seats", name="Seats", type="NUMBER"),
        live(
            "license/growth",
            name="Growth",
            type="PAID",
            version="1",
            familySlug="growth",
            lifecycleState="PUBLISHED",
        ),
        *grants,
    )


SEATS = declared("entitlement/seats", name="Seats", type="NUMBER")
NEXT = declared("license/growth-v2", name="Growth", type="PAID", familySlug="growth")
GROWTH = declared("license/growth", name="Growth", type="PAID")


@pytest.mark.parametrize("has_grants", [False, True])
@pytest.mark.parametrize(
    "wanted", [desired(SEATS), desired(SEATS, GROWTH, NEXT)], ids=["deleted", "replaced"]
)
def test_a_grant_added_to_what_was_seen_whole_makes_a_plan_stale(
    wanted: DesiredState, has_grants: bool
) -> None:
    there = [live("license/growth/grant/seats", value=3)] if has_grants else []
    catalog = versions(*there)
    plan = plan_against(catalog, wanted, Policy(prune=Prune.ALL))
    assert plan.changes
    catalog.objects[address("license/growth/grant/late")] = live(
        "license/growth/grant/late", value=1
    )
    (said,) = _stale(plan, catalog)
    assert said == "license/growth/grant/late: the plan saw no such object, now there is one"


@pytest.mark.parametrize("has_grants", [False, True])
@pytest.mark.parametrize("wanted", [desired(SEATS), desired(SEATS, GROWTH, NEXT)])
def test_looking_inside_is_in_the_requests_that_a_plan_predicts(
    wanted: DesiredState, has_grants: bool
) -> None:
    there = [live("license/growth/grant/seats", value=3)] if has_grants else []
    catalog = versions(*there)
    plan = plan_against(catalog, wanted, Policy(prune=Prune.ALL))
    catalog.calls.clear()
    assert apply(plan, catalog).requests == plan.requests
