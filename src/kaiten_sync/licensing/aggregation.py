"""How reports become a counter: each aggregation method's step, and the absolute `set`.

Numbers are 64-bit floating point numbers, as upstream: 0.1 + 0.2 is not 0.3.

Source: API facts, section 1.2.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import assert_never

from kaiten_sync.immutable import Immutable

MAX_EVENT_COUNT = 2**31 - 1
"""The contract's int32. Counting stays there; upstream runs over."""


class AggregationMethod(StrEnum):
    """What an appended value does to the stored one."""

    SUM = "SUM"
    COUNT = "COUNT"
    AVERAGE = "AVERAGE"
    MAX = "MAX"
    MIN = "MIN"
    LATEST = "LATEST"


class Counter(Immutable, frozen=True):
    """What an instance has consumed, and in how many reports."""

    value: float
    event_count: int


EMPTY = Counter(0.0, 0)
"""Where every counter starts, whatever its method."""


class NotFiniteError(ValueError):
    """A reported number, or what it leads to, is infinite or not a number."""

    def __init__(self, message: str = "usage must be a finite number") -> None:
        super().__init__(message)


def fold(method: AggregationMethod | None, stored: Counter, value: float) -> Counter:
    """The counter after a value was appended. No method, as in old rows, is SUM.

    A counter starts at 0 for every method, so MIN stays at 0 until something below is reported,
    and MAX until something above is.

    Raises:
        NotFiniteError: the value or the result is not finite.
    """
    folded = _step(method, stored, _finite(value))
    return Counter(_finite(folded), min(stored.event_count + 1, MAX_EVENT_COUNT))


def set_to(value: float) -> Counter:
    """The counter after it was set: one report, so that an average goes on from it as from one.

    Raises:
        NotFiniteError: the value is not finite.
    """
    return Counter(_finite(value), 1)


def _step(method: AggregationMethod | None, stored: Counter, value: float) -> float:
    match method:
        case AggregationMethod.SUM | None:
            return stored.value + value
        case AggregationMethod.COUNT:
            return stored.value + 1
        case AggregationMethod.AVERAGE:
            return (stored.value * stored.event_count + value) / (stored.event_count + 1)
        case AggregationMethod.MAX:
            return max(stored.value, value)
        case AggregationMethod.MIN:
            return min(stored.value, value)
        case AggregationMethod.LATEST:
            return value
    assert_never(method)


def _finite(number: float) -> float:
    try:
        as_float = float(number)
    except OverflowError:  # JSON also carries integers beyond any float
        raise NotFiniteError from None
    if not math.isfinite(as_float):
        raise NotFiniteError
    return as_float
