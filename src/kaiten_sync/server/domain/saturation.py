"""How full a grant is: usage next to its threshold.

What is read as saturation here is usage divided by the threshold, overage left out, as Kaiten's
SDK has it. Source: API facts, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kaiten_sync.licensing.thresholds import UNCAPPED, warning_boundary

NEAR_RATIO = 0.8
"""From where on usage is near its threshold, where the entitlement warns at no percentage."""


MOST_RATIO = 1e9
"""Ratios end here: a number that is divided by a tiny one may be infinite."""


class Level(StrEnum):
    """How near usage is to its limit, worst first."""

    OVER = "over"
    AT = "at"
    NEAR = "near"
    BELOW = "below"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """How near usage is to its limit; `ratio` is None without a threshold to divide by."""

    level: Level
    ratio: float | None


def saturation(value: float, threshold: float, warning_threshold_percent: int) -> Saturation:
    """How full a grant with this threshold is."""
    if threshold == UNCAPPED:
        return Saturation(level=Level.UNBOUNDED, ratio=None)
    level = _level(value, threshold, warning_threshold_percent)
    return Saturation(level=level, ratio=ratio_to(threshold, value))


def ratio_to(threshold: float, value: float) -> float | None:
    """Usage divided by a threshold, within what can be shown; None if that is not above zero."""
    if threshold <= 0:
        return None
    return max(-MOST_RATIO, min(value / threshold, MOST_RATIO))


def _level(value: float, threshold: float, warning_threshold_percent: int) -> Level:
    if value > threshold:
        return Level.OVER
    if value == threshold:
        return Level.AT if threshold > 0 else Level.BELOW  # nothing is granted, and nothing used
    boundary = warning_boundary(threshold, warning_threshold_percent)
    near = threshold * NEAR_RATIO if boundary is None else boundary
    return Level.NEAR if threshold > 0 and value >= near else Level.BELOW
