"""What a numeric grant allows: its threshold and how far usage may go beyond it.

Source: API facts, sections 1.3 and 2.5.
"""

from __future__ import annotations

import math

UNCAPPED = -1
"""The threshold, and the overage percentage, that mean "no limit"."""

MAX_OVERAGE_PERCENT = 32_767
"""The overage percentage is stored in 16 bits upstream."""


def default_overage_percent(threshold: float) -> int:
    """The percentage of a grant that names none: a hard limit, or none if there is no limit."""
    return UNCAPPED if threshold == UNCAPPED else 0


def overage_message(threshold: float, percent: int) -> str | None:
    """Why this percentage does not fit this threshold; None if it does."""
    if (threshold == UNCAPPED) != (percent == UNCAPPED):
        return "limitCapExceededOveragePercent is -1 exactly when the value is -1 (unlimited)"
    if percent < UNCAPPED:
        return "limitCapExceededOveragePercent must be -1 or at least 0"
    if percent > MAX_OVERAGE_PERCENT:
        return f"limitCapExceededOveragePercent must be at most {MAX_OVERAGE_PERCENT}"
    return None


def maximum(threshold: float, overage_percent: int) -> float:
    """The highest usage that is accepted, itself included; infinite if there is no limit.

    Only -1 is unlimited. Another negative threshold is a cap below zero, and its overage moves
    the maximum further down.
    """
    if threshold == UNCAPPED:
        return math.inf
    # As upstream, which keeps thresholds as float64: an integer beyond 2**53 is another number
    # there.
    cap = float(threshold)
    return cap + cap * overage_percent / 100


def warning_boundary(threshold: float, warning_threshold_percent: int) -> float | None:
    """The usage at which a warning is given; None if none is ever given."""
    if threshold == UNCAPPED or warning_threshold_percent <= 0:
        return None
    return float(threshold) * warning_threshold_percent / 100
