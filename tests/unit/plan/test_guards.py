"""What must not be deleted or tightened: protection, holders, limits; and who may lift it."""

from __future__ import annotations

import pytest
from tests.fakes.catalog import FakeCatalog, live
from tests.support.values import address, declared, desired, live_state, proposal, sentences

from kaiten_sync.errors import RefusedError
from kaiten_sync.model.change import Action, Effect
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Guards, Plan
from kaiten_sync.model.ports import NoProgress
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Limit, Policy, Prune
from kaiten_sync.model.value import Json
from kaiten_sync.pipeline import apply_plan
from kaiten_sync.plan.guards import recheck
from kaiten_sync.plan.limits import too_many_moves
from kaiten_sync.plan.plan_file import read_plan, seal, write_plan

ALL = Policy(prune=Prune.ALL)
FOUND = live_state(
    live("entitlement/calls", name="Calls", type="NUMBER"),
    live("license/growth", name="Growth", lifecycleState="PUBLISHED"),
    live("license/growth/grant/calls", value=10),
)
CALLS = declared("entitlement/calls", name="Calls", type="NUMBER")
GROWTH = declared("license/growth", name="Growth")


def protecting(wanted: DesiredState, *texts: str) -> DesiredState:
    return wanted.changed(protected=frozenset(address(text) for text in texts))


def deletes(plan: Plan) -> set[str]:
    return {str(c.address) for c in plan.changes if c.action == Action.DELETE}


TIGHTENED = desired(CALLS, GROWTH, declared("license/growth/grant/calls", value=5))
LOOSENED = desired(CALLS, GROWTH, declared("license/growth/grant/calls", value=20))
UNGRANTED = desired(CALLS, GROWTH, owns=("growth",))


@pytest.mark.parametrize("protected", ["license/growth", "license/growth/grant/calls"])
@pytest.mark.parametrize(
    ("wanted", "verb"), [(TIGHTENED, "tightened"), (UNGRANTED, "deleted")], ids=str
)
def test_a_protected_license_covers_its_grants(
    wanted: DesiredState, verb: str, protected: str
) -> None:
    guarded = protecting(wanted, protected)
    (finding,) = sentences(proposal(guarded, FOUND, ALL).refusals)
    assert finding.startswith(
        f"license/growth/grant/calls is protected and would be {verb}; lift `protect`"
    )
    for name in ("license/growth", "license/growth/grant/calls"):
        made = proposal(guarded, FOUND, ALL, allowed=[name])
        assert made.refusals == ()
        assert made.plan.guards.allowed == {address(name)}


def test_what_does_no_harm_is_free() -> None:
    guarded = protecting(LOOSENED, "license/growth", "entitlement/calls")
    renamed = guarded.changed(resources={**guarded.resources, GROWTH.address: GROWTH})
    assert proposal(renamed, FOUND, ALL).refusals == ()


def test_a_protected_license_that_goes_is_named_once_with_its_grants() -> None:
    before = proposal(protecting(LOOSENED, "license/growth"), FOUND).plan
    made = proposal(desired(CALLS), FOUND, previous=before)
    assert deletes(made.plan) == {"license/growth", "license/growth/grant/calls"}
    (finding,) = sentences(made.refusals)
    assert finding.startswith("license/growth is protected and would be deleted")
    # Taking `protect` out together with the object is no way around it.
    assert made.plan.guards.protected == {address("license/growth")}


def test_lifting_protection_in_git_first_is() -> None:
    lifted = proposal(
        LOOSENED, FOUND, previous=proposal(protecting(LOOSENED, "license/growth"), FOUND).plan
    ).plan
    assert proposal(desired(CALLS), FOUND, previous=lifted).refusals == ()


def test_allowing_one_thing_allows_nothing_else() -> None:
    guarded = protecting(desired(), "entitlement/calls", "license/growth")
    made = proposal(guarded, FOUND, ALL, allowed=["entitlement/calls", "group/other"])
    (finding,) = sentences(made.refusals)
    assert finding.startswith("license/growth is protected")
    assert sentences(made.notes) == ("--allow group/other has no effect on this plan",)
    assert made.plan.guards.allowed == {address("entitlement/calls")}


def test_holders_are_named_and_cannot_be_allowed() -> None:
    holders = Holders(
        instances={address("license/growth"): ("aa", "bb", "cc", "dd")},
        users={address("entitlement/calls"): ("aa",)},
        checked=frozenset({address("license/growth"), address("entitlement/calls")}),
    )
    made = proposal(
        desired(), FOUND, ALL, holders=holders, allowed=["license/growth", "entitlement/calls"]
    )
    found = [each.partition("; ") for each in sentences(made.refusals)]
    assert tuple(what for what, _, _ in found) == (
        "entitlement/calls: cannot be deleted while usage of it is recorded for instance/aa",
        (
            "license/growth: cannot be deleted while"
            " held by instance/aa, instance/bb, instance/cc and 1 more"
        ),
    )
    assert [way_out for _, _, way_out in found] == [
        "keep it declared until no license grants it and no usage of it is recorded",
        "keep it declared, or move its holders to another license first",
    ]
    assert not any(observed.unheld for observed in made.plan.observed)


def test_the_plan_rests_on_nobody_holding_what_goes() -> None:
    checked = frozenset({address("license/growth"), address("entitlement/calls")})
    plan = proposal(desired(), FOUND, ALL, holders=Holders(checked=checked)).plan
    assert {o.address for o in plan.observed if o.unheld} == checked
    assert read_plan(write_plan(plan)) == plan


def test_what_could_not_be_checked_is_said() -> None:
    plan = proposal(desired(), FOUND, ALL, holders=Holders(gap="no scope read:instances")).plan
    refusing, too_late = plan.warnings
    assert "the holders of entitlement/calls could not be listed" in refusing
    assert "the holders of license/growth could not be listed" in too_late
    for warning in plan.warnings:
        assert "no scope read:instances" in warning


@pytest.mark.parametrize(
    ("guards", "says"),
    [
        ({"protected": {"license/growth"}}, "license/growth is protected"),
        ({"max_deletes": Limit(count=0)}, "maxDeletes allows 0"),
        ({"population": {}}, "and the plan counts 0"),
    ],
)
def test_apply_holds_a_plan_to_its_own_guards(guards: dict[str, object], says: str) -> None:
    plan = proposal(desired(), FOUND, ALL).plan
    assert recheck(plan) == ()
    if isinstance(named := guards.get("protected"), set):
        guards = {"protected": frozenset(address(text) for text in named)}
    changed: Guards = plan.guards.changed(**guards)
    catalog = FakeCatalog(*FOUND.resources.values())
    with pytest.raises(RefusedError) as refused:
        apply_plan(
            plan.changed(guards=changed),
            catalog,
            progress=NoProgress(),
            is_stopped=lambda: False,
        )
    assert any(says in each for each in sentences(refused.value.diagnostics))
    assert catalog.calls == []


def test_grants_that_go_with_their_license_are_one_delete() -> None:
    slugs = [f"e{n:02}" for n in range(14)]
    known = [live(f"entitlement/{slug}", name=slug, type="NUMBER") for slug in slugs]
    known += [live(f"license/l{n}", name="L", type="PAID") for n in range(12)]
    known += [live(f"license/l{n}/grant/{slug}", value=1) for n in range(12) for slug in slugs]
    wanted = [declared(f"entitlement/{slug}", name=slug, type="NUMBER") for slug in slugs]
    wanted += [declared(f"license/l{n}", name="L", type="PAID") for n in range(3, 12)]
    wanted += [declared(f"license/l{n}/grant/e00", value=1) for n in range(3, 12)]
    kept = desired(*wanted, owns=())
    policy = Policy(prune=Prune.ALL, max_deletes=Limit(count=3))
    made = proposal(kept, live_state(*known), policy)
    assert made.refusals == ()
    assert made.plan.summary.effects["tightens"] == 3
    assert made.plan.summary.actions["delete"] == 3 * 15
    assert read_plan(write_plan(made.plan)) == made.plan
    assert recheck(made.plan) == ()
    few = policy.changed(max_deletes=Limit(count=2))
    (finding,) = sentences(proposal(kept, live_state(*known), few).refusals)
    assert finding.startswith("deletes 3 of 12 live licenses (25%); maxDeletes allows 2")


@pytest.mark.parametrize(
    ("limit", "is_refused"),
    [
        (Limit(percent=0), True),
        (Limit(count=0), True),
        (Limit(percent=1), False),  # of two groups, one is a half: a share says nothing
        (Limit(percent=100), False),
        (Limit(count=1), False),
    ],
    ids=str,
)
def test_a_share_of_nothing_holds_however_few_there_are(limit: Limit, is_refused: bool) -> None:
    known = live_state(live("group/a", name="A"), live("group/b", name="B"))
    free = Policy(prune=Prune.ALL, max_deletes=Limit(percent=100), max_updates=Limit(percent=100))
    fewer = desired(declared("group/a", name="A"), owns=())
    renamed = desired(declared("group/a", name="A"), declared("group/b", name="C"), owns=())
    for wanted, policy in (
        (fewer, free.changed(max_deletes=limit)),
        (renamed, free.changed(max_updates=limit)),
    ):
        made = proposal(wanted, known, policy)
        assert bool(made.refusals) is is_refused
        assert bool(recheck(made.plan)) is is_refused
    guards = made.plan.guards.changed(max_moves=limit)
    assert bool(list(too_many_moves(guards, 1, 2))) is is_refused


def test_apply_looks_again_for_holders() -> None:
    checked = frozenset({address("license/growth"), address("entitlement/calls")})
    plan = proposal(desired(), FOUND, ALL, holders=Holders(checked=checked)).plan
    from kaiten_sync.model.holder import Instance

    late = Instance(slug="late", name="Late", license="growth", customer="acme")
    catalog = FakeCatalog(*FOUND.resources.values(), instances=[late])
    with pytest.raises(RefusedError) as refused:
        apply_plan(plan, catalog, progress=NoProgress(), is_stopped=lambda: False)
    assert sentences(refused.value.diagnostics) == (
        "license/growth: it had no holders when the plan was made, now held by instance/late",
    )
    assert catalog.writes == []


@pytest.mark.parametrize(
    ("found", "wanted", "rule", "kept"),
    [
        (
            {"aggregationMethod": "LATEST"},
            {"resetPeriod": "MONTH"},
            "latest-with-reset",
            "aggregationMethod: LATEST",
        ),
        (
            {"unitSingular": "a", "unitPlural": "b", "saleUnitSingular": "c"}
            | {"saleUnitPlural": "d", "saleUnitFactor": 2},
            {"unitSingular": None, "unitPlural": None},
            "units-incomplete",
            "saleUnitSingular: c",
        ),
        (
            {"unitSingular": "a", "unitPlural": "b"},
            {"unitSingular": None},
            "units-incomplete",
            "unitPlural: b",
        ),
    ],
    ids=["latest", "sale", "half"],
)
def test_fields_that_clash_with_what_the_server_has_are_refused(
    found: dict[str, Json], wanted: dict[str, Json], rule: str, kept: str
) -> None:
    calls = {"name": "Calls", "type": "NUMBER"}
    made = proposal(
        desired(declared("entitlement/calls", **calls, **wanted)),
        live_state(live("entitlement/calls", **calls, **found)),
        ALL,
    )
    refused = {each.rule: each for each in made.refusals}
    assert f"the server has `{kept}`" in refused[rule].message
    assert refused[rule].hint


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"aggregationMethod": "LATEST"}, {"resetPeriod": "MONTH"}),
        ({"aggregationMethod": "LATEST"}, {"resetPeriod": "MONTH", "resetAnchor": "CALENDAR"}),
        ({"resetPeriod": "MONTH"}, {"aggregationMethod": "LATEST"}),
    ],
)
def test_no_hint_advises_what_the_server_keeps_from_happening(
    found: dict[str, Json], wanted: dict[str, Json]
) -> None:
    calls = {"name": "Calls", "type": "NUMBER"}
    made = proposal(
        desired(declared("entitlement/calls", **calls, **wanted)),
        live_state(live("entitlement/calls", **calls, **found)),
        ALL,
    )
    (clash,) = (each for each in made.refusals if each.rule == "latest-with-reset")
    assert clash.hint == (
        "the server keeps what it has: take the other field out, or declare an entitlement with"
        " another slug"
    )


def test_a_plan_from_before_that_rule_is_read_and_applied() -> None:
    plan = proposal(desired(), FOUND, ALL).plan
    changes = tuple(
        each.changed(effect=Effect.TIGHTENS) if each.address.parent else each
        for each in plan.changes
    )
    effects = {"neutral": 1, "tightens": 2}
    older = seal(plan.changed(changes=changes, summary=plan.summary.changed(effects=effects)))
    assert read_plan(write_plan(older)) == older
    assert recheck(older) == ()
