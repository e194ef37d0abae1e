"""The window that a time lies in, as a counter that was never written shows it."""

from __future__ import annotations

from kaiten_sync.licensing import EMPTY
from kaiten_sync.licensing.windows import ResetAnchor, ResetPeriod, Window, read_counter


def window_at(
    period: ResetPeriod, anchor: ResetAnchor | None, license_start_ms: int, now_ms: int
) -> Window:
    reading = read_counter(
        period, anchor, license_start_ms, now_ms, stored_start_ms=None, stored=EMPTY
    )
    assert reading.window is not None
    return reading.window
