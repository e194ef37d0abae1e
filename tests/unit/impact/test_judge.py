"""Where each holder is after a change, against what the server itself would answer."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.impact.assemble import change_impacts, whom_to_ask
from kaiten_sync.impact.judge import judge, worst_first
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.licensing.aggregation import AggregationMethod, Counter
from kaiten_sync.licensing.thresholds import maximum
from kaiten_sync.licensing.usage import Behavior, settle_report
from kaiten_sync.model.change import Action
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected, Standing

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
INSTANCE = Instance(slug="main", name="Main", license="growth", customer="acme")


def affected(after: float | None, before: float | None = 1000, threshold: float = 1000) -> Affected:
    return Affected(
        address=parse_address("license/growth/grant/calls"),
        action=Action.UPDATE,
        version="growth",
        entitlement="calls",
        is_metered=True,
        before=before,
        after=after,
        threshold=threshold,
        threshold_after=after,
    )


def used(value: float, limit: float | None = None, days: float | None = None) -> Usage:
    """A counter, in a window that began so many days ago and ends in thirty."""
    start = None if days is None else NOW - timedelta(days=days)
    end = None if days is None else NOW + timedelta(days=30)
    return Usage(
        entitlement="calls",
        value=value,
        reports=1,
        limit=limit,
        period_start=start,
        period_end=end,
    )


STANDINGS = [
    ("over", 500, used(501), Standing.OVER),
    ("at the maximum", 500, used(500), Standing.NEAR),
    ("near", 500, used(450), Standing.NEAR),
    ("within", 500, used(449), Standing.WITHIN),
    ("nothing used of nothing", 0, used(0), Standing.WITHIN),
    ("something used of nothing", 0, used(1), Standing.OVER),
    ("the grant goes, used", None, used(1), Standing.OVER),
    ("the grant goes, unused", None, used(0), Standing.WITHIN),
    ("not read", 500, None, Standing.UNKNOWN),
    ("an add-on may cover it", 500, used(600, limit=2000), Standing.UNKNOWN),
    ("an add-on is not needed", 500, used(300, limit=2000), Standing.WITHIN),
    ("a lower limit of its own", 500, used(100, limit=200), Standing.UNKNOWN),
    ("a lower limit of its own, and over anyway", 500, used(600, limit=200), Standing.OVER),
    ("a lower limit of its own, unused", 500, used(0, limit=200), Standing.WITHIN),
    ("the grant goes, with a lower limit", None, used(1, limit=200), Standing.OVER),
    ("the grant goes, and an add-on may stay", None, used(1, limit=2000), Standing.UNKNOWN),
    ("the server says the same", 500, used(600, limit=1000), Standing.OVER),
    ("unlimited for this one", 500, used(600, limit=math.inf), Standing.UNKNOWN),
    ("unlimited, and it needs no more", 500, used(300, limit=math.inf), Standing.WITHIN),
    ("applied already", 500, used(600, limit=500), Standing.OVER),
    ("applied already, and within", 500, used(300, limit=500), Standing.WITHIN),
]


@pytest.mark.parametrize(
    ("after", "usage", "standing"), [case[1:] for case in STANDINGS], ids=[c[0] for c in STANDINGS]
)
def test_a_holder_stands_where_its_next_report_would_find_it(
    after: float | None, usage: Usage | None, standing: Standing
) -> None:
    assert judge(affected(after), INSTANCE, usage, NOW).standing is standing


@pytest.mark.parametrize(
    ("action", "standing"),
    [
        ("delete", Standing.LOSES),
        ("archive", Standing.UNAFFECTED),
        ("clear-default", Standing.UNAFFECTED),
    ],
)
def test_a_deleted_license_is_lost_and_a_withdrawn_one_is_kept(
    action: str, standing: Standing
) -> None:
    change = affected(None, before=None).changed(
        action=Action(action), entitlement=None, is_metered=False
    )
    assert judge(change, INSTANCE, None, NOW).standing is standing


def test_a_window_that_has_ended_counts_nothing() -> None:
    old = Usage(
        entitlement="calls",
        value=900,
        reports=3,
        period_start=NOW - timedelta(days=31),
        period_end=NOW,
    )
    found = judge(affected(500), INSTANCE, old, NOW)
    assert (found.used, found.standing) == (0, Standing.WITHIN)


@pytest.mark.parametrize(
    ("value", "days", "reached"),
    [
        (250, 10, 10),  # 25 a day: 500 ten days from now
        (100, 10, None),  # 10 a day: forty days from now
        (0, 10, None),
        (250, 0, None),
        (250, None, None),
    ],
)
def test_the_pace_of_the_window_says_when_the_rest_is_used(
    value: float, days: float | None, reached: int | None
) -> None:
    found = judge(affected(500), INSTANCE, used(value, days=days), NOW)
    assert found.reaches == (None if reached is None else NOW + timedelta(days=reached))


@given(threshold=st.integers(0, 1000), percent=st.integers(0, 200), value=st.integers(0, 2000))
def test_over_is_who_is_refused_afterwards(threshold: int, percent: int, value: int) -> None:
    report = settle_report(
        threshold=threshold,
        overage_percent=percent,
        warning_threshold_percent=0,
        method=AggregationMethod.SUM,
        behavior=Behavior.APPEND,
        stored=Counter(value=value, event_count=1),
        value=0,
    )
    found = judge(affected(maximum(threshold, percent), 5000, 5000), INSTANCE, used(value), NOW)
    assert (found.standing is Standing.OVER) == (not report.accepted)


@given(st.lists(st.tuples(st.text("ab", min_size=1), st.integers(0, 20)), unique_by=lambda e: e[0]))
def test_the_worst_come_first(found: list[tuple[str, int]]) -> None:
    holders = [
        judge(affected(10), Instance(slug=s, name=s, license="growth", customer=""), used(v), NOW)
        for s, v in found
    ]
    shown = [(each.standing, -(each.used or 0)) for each in worst_first(holders)]
    order = list(Standing)
    assert shown == sorted(shown, key=lambda each: (order.index(each[0]), each[1]))


@given(st.integers(0, 60), st.integers(-1, 80))
def test_a_sample_is_the_same_for_the_same_plan_and_within_the_budget(
    holders: int, budget: int
) -> None:
    instances = [
        Instance(slug=f"i{n:02}", name="I", license="growth", customer="") for n in range(holders)
    ]
    one = whom_to_ask([affected(5)], instances, seed="sha256:1", budget=budget)
    assert one == whom_to_ask([affected(5)], instances[::-1], seed="sha256:1", budget=budget)
    assert len(one.asked) == min(holders, max(budget, 0))
    assert (one.sample is None) == (holders <= budget)
    usage = {slug: (used(1),) for slug in one.asked}
    (change,) = change_impacts([affected(5)], one, usage, NOW)
    assert (change.holders, len(change.looked_at)) == (holders, len(one.asked))


@pytest.mark.parametrize("after", [math.inf, 1e300])
def test_a_limit_that_is_further_than_any_date_is_never_reached(after: float) -> None:
    found = judge(affected(after), INSTANCE, used(1e-9, days=3), NOW)
    assert (found.standing, found.reaches) == (Standing.WITHIN, None)
