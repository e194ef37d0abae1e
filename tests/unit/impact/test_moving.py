"""Whom a move must not touch: whatever else becomes of a holder, one reason is enough."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.effects import Grants
from kaiten_sync.impact import HELD_BACK, Asking, change_impacts, outlook, prospect
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Standing
from kaiten_sync.model.value import Fields

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOLDER = Instance(slug="one", name="One", license="growth", customer="acme")
BEFORE = {"value": 20, "overagePercent": 0}
AFTER = {"value": 10, "overagePercent": 0}
METERED = {
    Standing.WITHIN: (1, 20),
    Standing.NEAR: (9, 20),
    Standing.OVER: (11, 20),
    Standing.UNKNOWN: (11, 50),
}
"""How much is used in each standing, and the limit that the server reports for the holder."""
CASES = [
    (seats, calls, sso)
    for seats, calls in product(METERED, repeat=2)
    for sso in (Standing.UNAFFECTED, Standing.LOSES)
]


@pytest.mark.parametrize(("seats", "calls", "sso"), CASES)
def test_a_holder_is_held_back_if_anything_holds_it_back(
    seats: Standing, calls: Standing, sso: Standing
) -> None:
    move = outlook(
        "growth",
        {"seats": BEFORE, "calls": BEFORE, "sso": {"value": True}},
        {"seats": AFTER, "calls": AFTER, "sso": {"value": sso is not Standing.LOSES}},
    )
    usage = [
        Usage(entitlement=name, value=used, reports=1, limit=limit)
        for name, standing in (("seats", seats), ("calls", calls))
        for used, limit in [METERED[standing]]
    ]
    found = prospect(move, HOLDER, usage, NOW).standing
    reasons = HELD_BACK.keys() & {seats, calls, sso}
    assert (found in reasons) if reasons else (found not in HELD_BACK)


NUMBERS = st.one_of(
    st.none(),
    st.just({"value": "unlimited", "overagePercent": -1}),
    st.fixed_dictionaries(
        {"value": st.integers(0, 12), "overagePercent": st.sampled_from((0, 50))}
    ),
)
SWITCHES = st.one_of(st.none(), st.builds(lambda value: {"value": value}, st.booleans()))
CONFIGS: st.SearchStrategy[Fields | None] = st.sampled_from(
    (None, {"value": {"theme": "a"}}, {"value": {}})
)
GRANTS = st.fixed_dictionaries(
    {"seats": NUMBERS, "calls": NUMBERS, "sso": SWITCHES, "branding": CONFIGS}
).map(lambda found: {name: each for name, each in found.items() if each is not None})
COUNTERS = st.lists(
    st.builds(
        Usage,
        entitlement=st.sampled_from(("seats", "calls")),
        value=st.integers(0, 14),
        reports=st.just(1),
        limit=st.none() | st.integers(0, 14).map(float),
    ),
    max_size=2,
    unique_by=lambda each: each.entitlement,
)


@given(before=GRANTS, after=GRANTS, usage=COUNTERS)
def test_who_is_held_back_is_shown_as_that_once_a_person_moves_it(
    before: Grants, after: Grants, usage: list[Usage]
) -> None:
    move = outlook("growth", before, after)
    asking = Asking(holders={"growth": (HOLDER,)}, asked=("one",), sample=None)
    found = change_impacts(move, asking, {"one": usage}, NOW)
    shown = {each.standing for change in found for each in change.looked_at}
    standing = prospect(move, HOLDER, usage, NOW).standing
    assert (standing in shown) if standing in HELD_BACK else shown.isdisjoint(HELD_BACK)
