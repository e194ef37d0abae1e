"""A change that is reversed has the reversed effect: `loosens` and `tightens` swap."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.values import address, declared, desired, live_state

from kaiten_sync.diff import diff_catalog
from kaiten_sync.effects import changed_fields, terms, worst
from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.licensing import maximum
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import Fields

GRANT = SPECS["grant"]
REVERSED = {Effect.LOOSENS: Effect.TIGHTENS, Effect.TIGHTENS: Effect.LOOSENS}
VALUES = st.one_of(st.integers(0, 10**6), st.floats(0, 10**6, allow_nan=False))
OVERAGES = st.integers(0, 1000)
NUMBERS: st.SearchStrategy[Fields] = st.one_of(
    st.fixed_dictionaries({"value": VALUES, "overagePercent": OVERAGES}),
    st.just({"value": "unlimited", "overagePercent": 0}),
)
SWITCHES: st.SearchStrategy[Fields] = st.fixed_dictionaries({"value": st.booleans()})
PAIRS = st.one_of(st.tuples(NUMBERS, NUMBERS), st.tuples(SWITCHES, SWITCHES))


def effect(before: Fields, after: Fields) -> Effect:
    return worst(each.effect for each in changed_fields(GRANT, before, after))


def accepted(fields: Fields) -> tuple[float, float]:
    """The highest usage that a server accepts, and the threshold; of a switch, whether it is on."""
    value, overage = fields["value"], fields.get("overagePercent", 0)
    if value == "unlimited":
        return float("inf"), float("inf")
    assert isinstance(value, int | float)
    assert isinstance(overage, int)
    is_switch = isinstance(value, bool)
    return float(value) if is_switch else maximum(value, overage), float(value)


@given(PAIRS)
@example(({"value": 100, "overagePercent": 0}, {"value": 90, "overagePercent": 50}))
@example(({"value": 10, "overagePercent": 0}, {"value": "unlimited", "overagePercent": 0}))
def test_a_reversed_change_has_the_reversed_effect(pair: tuple[Fields, Fields]) -> None:
    before, after = pair
    there, back = effect(before, after), effect(after, before)
    assert back is REVERSED.get(there, there)


@given(PAIRS)
@example(({"value": 100, "overagePercent": 0}, {"value": 80, "overagePercent": 25}))
def test_an_effect_is_that_on_what_is_accepted(pair: tuple[Fields, Fields]) -> None:
    before, after = pair
    low, high = accepted(before), accepted(after)
    expected = {True: Effect.LOOSENS, False: Effect.TIGHTENS}[high > low]
    assert effect(before, after) is (Effect.NEUTRAL if low == high else expected)


SLUGS = ("calls", "export", "seats")
GRANTS = st.dictionaries(st.sampled_from(SLUGS), st.one_of(NUMBERS, SWITCHES))


def grant_of(slug: str) -> Address:
    return address(f"license/growth/grant/{slug}")


@given(GRANTS, GRANTS)
@example({"export": {"value": False}}, {})
@example({}, {"export": {"value": False}})
@example({}, {"export": {"value": True}})
def test_a_plan_and_a_move_judge_the_same_grants_alike(
    before: dict[str, Fields], after: dict[str, Fields]
) -> None:
    live = live_state(
        LiveResource(address=address("license/growth"), fields={}),
        *(LiveResource(address=grant_of(slug), fields=before[slug]) for slug in before),
    )
    wanted = desired(
        *(declared(str(grant_of(slug)), **after[slug]) for slug in after), owns=("growth",)
    )
    found = {d.address.slug: d.effect for d in diff_catalog(wanted, live, Scope()).differences}
    assert {each.entitlement: each.effect for each in terms(before, after)} == {
        **dict.fromkeys([*before, *after], Effect.NEUTRAL),
        **{slug: found[slug] for slug in found if slug in SLUGS},
    }
