"""One report against one grant: whether it is accepted, what it leaves and what it sets off.

The quirks are upstream's and are kept: docs/adr/0008-usage-quirks.md.

Source: API facts, sections 1.2, 1.3 and 1.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from kaiten_sync.licensing.aggregation import AggregationMethod, Counter, fold, set_to
from kaiten_sync.licensing.thresholds import UNCAPPED, maximum, warning_boundary


class Behavior(StrEnum):
    """How a reported value meets the stored one: folded into it, or in its place."""

    APPEND = "append"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Reached:
    """Usage is exactly at the cap. Said by every report that leaves it there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapExceeded:
    """Usage went from below the cap to above it, as an overage allows.

    `threshold` is the cap, `overage` how far `value` is beyond it.
    """

    threshold: float
    value: float
    overage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningReached:
    """Usage came from below the boundary of warning. `threshold` is the cap, not the percentage."""

    threshold: float
    boundary: float
    value: float


Crossing = Reached | CapExceeded | WarningReached


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
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
    counter = _counted(method, behavior, stored, value)
    if counter.value > maximum(threshold, overage_percent):
        return Report(accepted=False, counter=counter)
    cap = float(threshold)  # an integer beyond 2**53 is the cap that upstream rounds it to
    crossings = (
        *_cap_crossings(cap, stored.value, counter.value),
        *_warnings(cap, warning_threshold_percent, stored.value, counter.value),
    )
    return Report(accepted=True, counter=counter, crossings=crossings)


def _counted(
    method: AggregationMethod | None, behavior: Behavior, stored: Counter, value: float
) -> Counter:
    match behavior:
        case Behavior.APPEND:
            return fold(method, stored, value)
        case Behavior.SET:
            return set_to(value)
    assert_never(behavior)


def _cap_crossings(cap: float, before: float, after: float) -> tuple[Crossing, ...]:
    if cap == UNCAPPED:
        return ()
    if after == cap:
        return (Reached(),)
    if before < cap < after:
        return (CapExceeded(threshold=cap, value=after, overage=after - cap),)
    return ()


def _warnings(cap: float, percent: int, before: float, after: float) -> tuple[Crossing, ...]:
    boundary = warning_boundary(cap, percent)
    if boundary is None or not before < boundary <= after:
        return ()
    return (WarningReached(threshold=cap, boundary=boundary, value=after),)
