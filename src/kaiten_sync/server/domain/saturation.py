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
    if threshold == UNCAPPED:
        band = Band.UNLIMITED
    elif value > most:
        band = Band.OVER
    elif value > threshold:
        band = Band.OVERAGE
    elif value == threshold:
        band = Band.AT_LIMIT if threshold > 0 else Band.OK  # nothing is granted, and nothing used
    else:
        boundary = warning_boundary(threshold, warning_threshold_percent)
        near = threshold * NEAR_RATIO if boundary is None else boundary
        band = Band.WARNING if threshold > 0 and value >= near else Band.OK
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
