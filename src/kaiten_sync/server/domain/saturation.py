"""How full a grant is: usage next to its threshold.

What is read as saturation here is usage divided by the threshold, overage left out, as Kaiten's
SDK has it. Source: API facts, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kaiten_sync.licensing import UNCAPPED, maximum, warning_boundary

NEAR_RATIO = 0.8
"""Usage from here on is in the band of warnings if the entitlement has no warning percentage."""


MOST_RATIO = 1e9
"""Ratios end here: a number that is divided by a tiny one may be infinite."""


class Band(StrEnum):
    """How near usage is to its limit, worst first, as Kaiten's clients name it."""

    OVER = "over"
    OVERAGE = "overage"
    AT_LIMIT = "at_limit"
    WARNING = "warning"
    OK = "ok"
    UNLIMITED = "unlimited"


FULL_BANDS = (Band.OVER, Band.OVERAGE, Band.AT_LIMIT, Band.WARNING)
"""The bands that somebody should look at, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """How near usage is to its limit; `ratio` is None without a threshold to divide by.

    `maximum` is the highest usage that is accepted: infinite if there is no limit. `is_exhausted`:
    the next report that adds anything is refused.
    """

    band: Band
    ratio: float | None
    maximum: float
    is_exhausted: bool


def saturation(
    value: float, threshold: float, overage_percent: int, warning_threshold_percent: int
) -> Saturation:
    """How full a grant with this threshold and this overage is."""
    most = maximum(threshold, overage_percent)
    band = _band(value, threshold, most, warning_threshold_percent)
    return Saturation(
        band=band,
        ratio=None if band is Band.UNLIMITED else ratio_to(threshold, value),
        maximum=most,
        is_exhausted=value >= most and band is not Band.OK,
    )


def ratio_to(threshold: float, value: float) -> float | None:
    """Usage divided by a threshold, within what can be shown; None if that is not above zero."""
    if threshold <= 0:
        return None
    return max(-MOST_RATIO, min(value / threshold, MOST_RATIO))


def _band(value: float, threshold: float, most: float, warning_threshold_percent: int) -> Band:
    if threshold == UNCAPPED:
        return Band.UNLIMITED
    if value > most:
        return Band.OVER
    if value > threshold:
        return Band.OVERAGE
    if value == threshold:
        return Band.AT_LIMIT if threshold > 0 else Band.OK  # nothing is granted, and nothing used
    boundary = warning_boundary(threshold, warning_threshold_percent)
    near = threshold * NEAR_RATIO if boundary is None else boundary
    return Band.WARNING if threshold > 0 and value >= near else Band.OK
