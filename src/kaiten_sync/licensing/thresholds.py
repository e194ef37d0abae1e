"""What a numeric grant allows: its threshold and how far usage may go beyond it.

Source: API facts, sections 1.3 and 2.5.
"""

from __future__ import annotations

UNLIMITED = -1
"""The threshold, and the overage percentage, that mean "no limit"."""

MAX_OVERAGE_PERCENT = 32_767
"""The overage percentage is stored in 16 bits upstream."""


def default_overage_percent(threshold: float) -> int:
    """The percentage of a grant that names none: a hard limit, or none where there is no limit."""
    return UNLIMITED if threshold == UNLIMITED else 0


def overage_fault(threshold: float, percent: int) -> str | None:
    """Why this percentage cannot stand beside this threshold; None where it can."""
    if (threshold == UNLIMITED) != (percent == UNLIMITED):
        return "limitCapExceededOveragePercent is -1 exactly when the value is -1 (unlimited)"
    if percent < UNLIMITED:
        return "limitCapExceededOveragePercent must be -1 or at least 0"
    if percent > MAX_OVERAGE_PERCENT:
        return f"limitCapExceededOveragePercent must be at most {MAX_OVERAGE_PERCENT}"
    return None
