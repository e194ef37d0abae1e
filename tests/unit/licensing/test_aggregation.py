"""Every aggregation method, and what cannot be counted. Source: API facts, section 1.2."""

from __future__ import annotations

import math
from functools import reduce

import pytest

from kaiten_sync.licensing.aggregation import (
    EMPTY,
    MAX_EVENT_COUNT,
    AggregationMethod,
    Counter,
    NotFiniteError,
    fold,
    set_to,
)


@pytest.mark.parametrize(
    ("method", "values", "expected"),
    [
        ("SUM", [1, 2.5, -1], 2.5),
        ("SUM", [-4], -4),
        ("SUM", [0.1, 0.2], 0.30000000000000004),
        ("COUNT", [7, -3, 0], 3),
        ("AVERAGE", [60, 40, 20], 40),
        ("AVERAGE", [-1, 2], 0.5),
        ("MAX", [3, 8, 5], 8),
        ("MAX", [-3, -8], 0),
        ("MIN", [5, 7], 0),
        ("MIN", [5, -7, -2], -7),
        ("LATEST", [5, 7, -6], -6),
    ],
)
def test_appended_values_are_folded_from_zero(
    method: str, values: list[float], expected: float
) -> None:
    counter = reduce(
        lambda stored, value: fold(AggregationMethod(method), stored, value), values, EMPTY
    )
    assert counter == Counter(expected, len(values))


def test_no_method_is_a_sum() -> None:
    assert fold(None, Counter(2, 1), 3) == Counter(5, 2)


@pytest.mark.parametrize(
    ("method", "expected"),
    [("SUM", 100), ("COUNT", 61), ("AVERAGE", 50), ("MAX", 60), ("MIN", 40), ("LATEST", 40)],
)
def test_a_set_counts_as_one_report(method: str, expected: float) -> None:
    assert set_to(60) == Counter(60, 1)
    assert fold(AggregationMethod(method), set_to(60), 40) == Counter(expected, 2)


def test_a_counter_holds_floats_whatever_was_reported() -> None:
    for counter in (set_to(3), fold(AggregationMethod.LATEST, EMPTY, 3)):
        assert type(counter.value) is float


@pytest.mark.parametrize("method", AggregationMethod)
def test_the_event_count_stops_where_its_type_ends(method: AggregationMethod) -> None:
    assert fold(method, Counter(1, MAX_EVENT_COUNT - 1), 1).event_count == MAX_EVENT_COUNT
    assert fold(method, Counter(1, MAX_EVENT_COUNT), 1).event_count == MAX_EVENT_COUNT


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 10**400, -(10**400)])
def test_only_finite_numbers_are_counted(value: float) -> None:
    with pytest.raises(NotFiniteError):
        set_to(value)
    for method in AggregationMethod:
        with pytest.raises(NotFiniteError):
            fold(method, EMPTY, value)


@pytest.mark.parametrize(
    ("method", "stored", "value"),
    [
        ("SUM", Counter(1e308, 1), 1e308),
        ("SUM", Counter(-1e308, 1), -1e308),
        ("AVERAGE", Counter(1e308, 2), 0),
        ("AVERAGE", Counter(1e308, 1), 1e308),
    ],
)
def test_a_result_that_is_not_finite_is_no_counter(
    method: str, stored: Counter, value: float
) -> None:
    with pytest.raises(NotFiniteError, match="finite"):
        fold(AggregationMethod(method), stored, value)


def test_the_largest_number_there_is_can_be_counted() -> None:
    largest = 1.7976931348623157e308
    assert fold(AggregationMethod.SUM, EMPTY, largest) == Counter(largest, 1)
