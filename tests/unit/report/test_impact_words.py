"""What every report of an impact says alike."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.model.change import Action
from kaiten_sync.model.impact import Affected, Impact, RaisedLimit
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.report.impact_words import change_text, raised_lines, share


@pytest.mark.parametrize(
    ("used", "whole", "percent"),
    [
        (None, 10, 0),
        (5, None, 0),
        (5, math.inf, 0),
        (-1, 10, 0),
        (1, 3, 33),
        (20, 10, 100),
        (1, 0, 100),
        (1, 5e-324, 100),
        (1e308, 1, 100),
    ],
)
def test_a_share_is_a_percentage_of_at_most_100(
    used: float | None, whole: float | None, percent: int
) -> None:
    assert share(used, whole) == percent


def raised(number: int, refused: int | None) -> RaisedLimit:
    affected = Affected(
        address=parse_address(f"license/growth/grant/quota-{number}"),
        action=Action.UPDATE,
        version="growth",
        entitlement=f"quota-{number}",
        is_metered=True,
        before=10,
        after=20,
        threshold=10,
    )
    return RaisedLimit(affected=affected, holders=9, looked_at=4, at_limit=1, refused=refused)


def test_few_raised_limits_are_listed_and_the_others_counted() -> None:
    impact = Impact(
        target=TargetRef("local", "http://127.0.0.1"),
        plan_digest="",
        taken_at=datetime(2026, 1, 1, tzinfo=UTC),
        requests=1,
        budget=9,
        changes=(),
        raised=tuple(raised(number, number or None) for number in range(12)),
    )
    lines = list(raised_lines(impact))
    assert len(lines) == 11
    assert lines[0] == (
        "license/growth/grant/quota-0: 10 → 20",
        "9 holders (4 looked at): 1 at the old limit, the server does not say who was refused",
    )
    assert lines[1][1].endswith("1 at the old limit, 1 refused in the last 30 days")
    assert lines[-1][0] == "2 more raised limits"


def test_a_limit_that_accepts_as_much_names_its_threshold() -> None:
    changed = raised(1, None).affected
    as_much = changed.changed(before=100, after=100, threshold=100, threshold_after=80)
    assert change_text(as_much).endswith(": 100 → 100 (threshold 100 → 80)")
    assert change_text(changed.changed(threshold_after=20)).endswith(": 10 → 20")
