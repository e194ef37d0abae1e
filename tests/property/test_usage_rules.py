"""Whatever is granted and reported: the maximum holds and quirks stay."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from kaiten_sync.licensing.aggregation import (
    EMPTY,
    MAX_EVENT_COUNT,
    AggregationMethod,
    Counter,
    NotFiniteError,
    fold,
    set_to,
)
from kaiten_sync.licensing.thresholds import MAX_OVERAGE_PERCENT, UNCAPPED, maximum
from kaiten_sync.licensing.usage import (
    Behavior,
    CapExceeded,
    Reached,
    Report,
    WarningReached,
    settle_report,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
small = st.integers(-30, 30).map(float)
numbers = small | finite
caps = numbers.filter(lambda cap: cap != UNCAPPED)
overages = st.sampled_from([0, 10, 50, 100]) | st.integers(0, MAX_OVERAGE_PERCENT)
warnings = st.integers(0, 100)
methods = st.none() | st.sampled_from(AggregationMethod)
behaviors = st.sampled_from(Behavior)
counters = st.just(EMPTY) | st.builds(Counter, numbers, st.integers(1, MAX_EVENT_COUNT))


def settle(
    cap: float,
    overage: int,
    warning: int,
    method: AggregationMethod | None,
    behavior: Behavior,
    stored: Counter,
    value: float,
) -> Report:
    try:
        return settle_report(
            threshold=cap,
            overage_percent=overage,
            warning_threshold_percent=warning,
            method=method,
            behavior=behavior,
            stored=stored,
            value=value,
        )
    except NotFiniteError:
        assume(False)
        raise


@given(methods, counters, numbers)
def test_a_counter_is_always_finite_and_within_its_types(
    method: AggregationMethod | None, stored: Counter, value: float
) -> None:
    try:
        counter = fold(method, stored, value)
    except NotFiniteError:
        return
    assert math.isfinite(counter.value)
    assert counter.event_count == min(stored.event_count + 1, MAX_EVENT_COUNT)


@given(st.lists(small, min_size=1))
def test_folds_agree_with_what_they_are_named_after(values: list[float]) -> None:
    def folded(method: AggregationMethod) -> float:
        counter = EMPTY
        for value in values:
            counter = fold(method, counter, value)
        return counter.value

    assert folded(AggregationMethod.SUM) == sum(values)
    assert folded(AggregationMethod.COUNT) == len(values)
    assert math.isclose(folded(AggregationMethod.AVERAGE), sum(values) / len(values), abs_tol=1e-9)
    assert folded(AggregationMethod.MAX) == max(0, *values)
    assert folded(AggregationMethod.MIN) == min(0, *values)
    assert folded(AggregationMethod.LATEST) == values[-1]


@given(caps, overages, warnings, methods, behaviors, counters, numbers)
def test_a_report_is_accepted_exactly_up_to_the_maximum(
    cap: float,
    overage: int,
    warning: int,
    method: AggregationMethod | None,
    behavior: Behavior,
    stored: Counter,
    value: float,
) -> None:
    report = settle(cap, overage, warning, method, behavior, stored, value)
    assert report.accepted == (report.counter.value <= maximum(cap, overage))
    assert report.accepted or not report.crossings


@given(caps, overages, warnings, methods, behaviors, counters, numbers)
def test_what_is_crossed_was_not_reached_before(
    cap: float,
    overage: int,
    warning: int,
    method: AggregationMethod | None,
    behavior: Behavior,
    stored: Counter,
    value: float,
) -> None:
    report = settle(cap, overage, warning, method, behavior, stored, value)
    after = report.counter.value
    first, last = Reached | CapExceeded, WarningReached
    of_cap = [crossing for crossing in report.crossings if isinstance(crossing, first)]
    of_warning = [crossing for crossing in report.crossings if isinstance(crossing, last)]
    assert report.crossings == (*of_cap[:1], *of_warning[:1])
    assert (Reached() in of_cap) == (report.accepted and after == cap)
    for crossing in report.crossings:
        match crossing:
            case CapExceeded():
                assert stored.value < cap < after == crossing.value
                assert crossing.overage == after - cap > 0
                assert overage > 0
            case WarningReached():
                assert warning > 0
                assert stored.value < crossing.boundary <= after == crossing.value
                assert crossing.threshold == cap


@given(warnings, methods, behaviors, counters, numbers)
def test_unlimited_accepts_all_and_says_nothing(
    warning: int,
    method: AggregationMethod | None,
    behavior: Behavior,
    stored: Counter,
    value: float,
) -> None:
    report = settle(UNCAPPED, UNCAPPED, warning, method, behavior, stored, value)
    assert report.accepted
    assert report.crossings == ()


@given(caps, overages, methods, counters, numbers)
def test_setting_twice_is_setting_once(
    cap: float,
    overage: int,
    method: AggregationMethod | None,
    stored: Counter,
    value: float,
) -> None:
    once = settle(cap, overage, 0, method, Behavior.SET, stored, value)
    twice = settle(cap, overage, 0, method, Behavior.SET, once.counter, value)
    assert once.counter == twice.counter == set_to(value)
    assert once.accepted == twice.accepted


@given(caps.filter(lambda cap: cap >= 0), overages, overages)
def test_more_overage_never_allows_less(cap: float, one: int, other: int) -> None:
    assert cap <= maximum(cap, min(one, other)) <= maximum(cap, max(one, other))
    assert maximum(cap, 0) == cap
