"""One report against one grant, with upstream's quirks by name (docs/adr/0008-usage-quirks.md)."""

from __future__ import annotations

import math

import pytest

from kaiten_sync.licensing.aggregation import EMPTY, AggregationMethod, Counter, NotFiniteError
from kaiten_sync.licensing.usage import (
    Behavior,
    CapExceeded,
    Crossing,
    Reached,
    Report,
    WarningReached,
    settle_report,
)


def settle(
    value: float,
    *,
    stored: float = 0,
    cap: float = 10,
    overage: int = 0,
    warning: int = 0,
    method: AggregationMethod | None = AggregationMethod.SUM,
    behavior: Behavior = Behavior.APPEND,
) -> Report:
    return settle_report(
        threshold=cap,
        overage_percent=overage,
        warning_threshold_percent=warning,
        method=method,
        behavior=behavior,
        stored=Counter(stored, 1) if stored else EMPTY,
        value=value,
    )


def exceeded(cap: float, value: float) -> CapExceeded:
    return CapExceeded(threshold=cap, value=value, overage=value - cap)


@pytest.mark.parametrize(
    ("cap", "overage", "value", "accepted"),
    [
        (10, 0, 9.999999, True),
        (10, 0, 10, True),
        (10, 0, 10.000001, False),
        (10, 50, 15, True),
        (10, 50, 15.000001, False),
        (2.5, 10, 2.75, True),
        (2.5, 10, 2.76, False),
        (0, 0, 0, True),
        (0, 0, 5e-324, False),
        (0, 100, 5e-324, False),
        (0, 0, -1, True),
        (-5, 0, -5, True),
        (-5, 0, -4.9, False),
        (-5, 0, 0, False),
        (-5, 100, -10, True),
        (-5, 100, -9.9, False),
        (-1, -1, 0, True),
        (-1, -1, 1e308, True),
        (-1, -1, -1, True),
    ],
)
@pytest.mark.parametrize("behavior", Behavior)
def test_the_maximum_itself_is_accepted(
    cap: float, overage: int, value: float, accepted: bool, behavior: Behavior
) -> None:
    report = settle(value, cap=cap, overage=overage, behavior=behavior)
    assert report.accepted is accepted


def test_a_refused_report_says_what_it_would_have_left_and_crosses_nothing() -> None:
    report = settle(9, stored=2, warning=50)
    assert report == Report(accepted=False, counter=Counter(11, 2), crossings=())


@pytest.mark.parametrize(("value", "accepted"), [(0, False), (-10, False), (-40, True)])
def test_above_a_lowered_maximum_only_a_way_below_it_is_accepted(
    value: float, accepted: bool
) -> None:
    assert settle(value, stored=90, cap=50).accepted is accepted


def test_a_set_is_measured_by_itself() -> None:
    report = settle(50, stored=90, cap=50, behavior=Behavior.SET)
    assert report == Report(accepted=True, counter=Counter(50, 1), crossings=(Reached(),))


def test_a_method_folds_what_is_appended() -> None:
    assert settle(40, stored=60, cap=100, method=AggregationMethod.AVERAGE).counter == Counter(
        50, 2
    )
    assert settle(40, stored=60, cap=100, method=None).counter == Counter(100, 2)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 9.9, ()),
        (0, 10, (Reached(),)),
        (10, 10, (Reached(),)),
        (12, 10, (Reached(),)),
        (9, 11, (exceeded(10, 11),)),
        (0, 12.5, (exceeded(10, 12.5),)),
        (10, 11, ()),
        (11, 12, ()),
        (12, 11, ()),
        (12, 9, ()),
        (-3, 20, (exceeded(10, 20),)),
    ],
)
@pytest.mark.parametrize("behavior", Behavior)
def test_the_cap_is_told_of_as_upstream_does(
    before: float, after: float, expected: tuple[Crossing, ...], behavior: Behavior
) -> None:
    value = after if behavior is Behavior.SET else after - before
    report = settle(value, stored=before, overage=100, behavior=behavior)
    assert report.accepted
    assert report.crossings == expected


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [
        (0, 7.4, False),
        (0, 7.5, True),
        (7.4, 8, True),
        (7.5, 8, False),
        (9, 8, False),
        (9, 2, False),
    ],
)
def test_a_warning_fires_once_per_rise(before: float, after: float, warned: bool) -> None:
    report = settle(after, stored=before, warning=75, behavior=Behavior.SET)
    warning = WarningReached(threshold=10, boundary=7.5, value=after)
    assert report.crossings == ((warning,) if warned else ())


@pytest.mark.parametrize(("after", "first"), [(10, Reached()), (11, exceeded(10, 11))])
def test_a_warning_at_the_cap_comes_after_what_is_said_of_the_cap(
    after: float, first: Crossing
) -> None:
    report = settle(after, overage=50, warning=100)
    assert report.crossings == (first, WarningReached(threshold=10, boundary=10, value=after))


def test_a_hard_limit_is_never_exceeded() -> None:
    assert settle(11).crossings == ()


def test_no_percentage_is_no_warning() -> None:
    assert settle(9.9, warning=0).crossings == ()


@pytest.mark.parametrize("value", [-1, 0, 5, 1e300])
def test_unlimited_has_no_cap_to_reach(value: float) -> None:
    report = settle(value, stored=-2, cap=-1, overage=-1, warning=80, behavior=Behavior.SET)
    assert report.crossings == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 0, (Reached(),)),
        (-1, 0, (Reached(), WarningReached(threshold=0, boundary=0, value=0))),
        (0, -1, ()),
    ],
)
def test_a_cap_of_zero_is_a_cap(
    before: float, after: float, expected: tuple[Crossing, ...]
) -> None:
    report = settle(after, stored=before, cap=0, warning=80, behavior=Behavior.SET)
    assert report.crossings == expected


def test_a_negative_cap_is_reached_like_any_other() -> None:
    assert settle(-5, stored=-6, cap=-5, behavior=Behavior.SET).crossings == (Reached(),)


def test_a_large_integer_is_the_cap_it_is_rounded_to() -> None:
    assert settle(2.0**53, cap=2**53 + 1).crossings == (Reached(),)


@pytest.mark.parametrize("cap", [-1, 10, 1e308])
@pytest.mark.parametrize("behavior", Behavior)
def test_what_is_not_finite_is_neither_accepted_nor_refused(cap: float, behavior: Behavior) -> None:
    with pytest.raises(NotFiniteError):
        settle(math.inf, cap=cap, behavior=behavior)


@pytest.mark.parametrize("cap", [-1, 10, 1e308])
def test_a_sum_beyond_all_numbers_is_neither_accepted_nor_refused(cap: float) -> None:
    with pytest.raises(NotFiniteError):
        settle(1e308, stored=1e308, cap=cap)
