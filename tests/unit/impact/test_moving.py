"""Whom a move must not touch: whatever else becomes of a holder, one reason is enough."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product

import pytest

from kaiten_sync.impact import HELD_BACK, outlook, prospect
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Standing

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
