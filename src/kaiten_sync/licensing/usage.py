"""One report against one grant: whether it is accepted, what it leaves and what it sets off.

The quirks are upstream's and are kept: docs/adr/0008-usage-quirks.md.

Source: API facts, sections 1.2, 1.3 and 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import assert_never

from kaiten_sync.immutable import Immutable
from kaiten_sync.licensing.aggregation import AggregationMethod, Counter, fold, set_to
from kaiten_sync.licensing.thresholds import UNCAPPED, maximum, warning_boundary


class Behavior(StrEnum):
    """How a reported value meets the stored one: folded into it, or in its place."""

    APPEND = "append"
    SET = "set"


class Reached(Immutable, frozen=True):
    """Usage is exactly at the cap. Said by every report that leaves it there."""


class CapExceeded(Immutable, frozen=True, kw_only=True):
    """Usage went from below the cap to above it, as an overage allows.

    `threshold` is the cap, `overage` how far `value` is beyond it.
    """

    threshold: float
    value: float
    overage: float


class WarningReached(Immutable, frozen=True, kw_only=True):
    """Usage came from below the boundary of warning. `threshold` is the cap, not the percentage."""

    threshold: float
    boundary: float
    value: float


Crossing = Reached | CapExceeded | WarningReached


class Report(Immutable, frozen=True, kw_only=True):
    """How a report ended. Refused: `counter` is what it would have left, and nothing is crossed."""

    accepted: bool
    counter: Counter
    crossings: tuple[Crossing, ...] = ()


def settle_report(
    *,
    threshold: float,
    overage_percent: int,
    warning_threshold_percent: int,
    method: AggregationMethod | None,
    behavior: Behavior,
    stored: Counter,
    value: float,
) -> Report:
    """What becomes of a report. `stored` is the counter in the window that the report falls in.

    Only where usage would end up decides, not the way there: above a maximum that was lowered,
    a report of 0 is refused as well.

    Raises:
        NotFiniteError: the value or the result is not finite.
    """
    match behavior:
        case Behavior.APPEND:
            counter = fold(method, stored, value)
        case Behavior.SET:
            counter = set_to(value)
        case _:
            assert_never(behavior)
    if counter.value > maximum(threshold, overage_percent):
        return Report(accepted=False, counter=counter)
    cap = float(threshold)  # an integer beyond 2**53 is the cap that upstream rounds it to
    crossings = _crossings(cap, warning_threshold_percent, stored.value, counter.value)
    return Report(accepted=True, counter=counter, crossings=tuple(crossings))


def _crossings(cap: float, percent: int, before: float, after: float) -> Iterator[Crossing]:
    if cap != UNCAPPED and after == cap:
        yield Reached()
    elif cap != UNCAPPED and before < cap < after:
        yield CapExceeded(threshold=cap, value=after, overage=after - cap)
    boundary = warning_boundary(cap, percent)
    if boundary is not None and before < boundary <= after:
        yield WarningReached(threshold=cap, boundary=boundary, value=after)
