"""What a grant accepts, as a number. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kaiten_sync.licensing import maximum
from kaiten_sync.model.value import ABSENT, UNLIMITED, Absent, Json, is_number


def limit_of(names: tuple[str, ...], fields: Mapping[str, Json | Absent]) -> float | None:
    """The highest usage that is accepted; None if usage is not limited by a number."""
    threshold, percent = (fields.get(name, ABSENT) for name in names)
    if threshold == UNLIMITED:
        return math.inf
    if not is_number(threshold):
        return None
    return maximum(threshold, int(percent) if is_number(percent) and percent > 0 else 0)


def threshold_of(value: Json | Absent) -> float | None:
    """The threshold as a number; None if usage is not limited by one."""
    if value == UNLIMITED:
        return math.inf
    return float(value) if is_number(value) else None
