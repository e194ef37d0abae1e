"""Pure rules of licensing, shared by the embedded server and the rest. No I/O, no clock."""

from kaiten_sync.licensing.aggregation import EMPTY, AggregationMethod, Counter, NotFiniteError
from kaiten_sync.licensing.quantities import closest_spelling, parse_quantity
from kaiten_sync.licensing.thresholds import (
    UNCAPPED,
    default_overage_percent,
    maximum,
    overage_message,
    warning_boundary,
)
from kaiten_sync.licensing.usage import (
    Behavior,
    CapExceeded,
    Crossing,
    Reached,
    Report,
    WarningReached,
    settle_report,
)
from kaiten_sync.licensing.windows import (
    CALENDAR_ORIGIN_MS,
    DAY_MS,
    HOUR_MS,
    WEEK_MS,
    Closure,
    Reading,
    ResetAnchor,
    ResetPeriod,
    Window,
    close_windows,
    read_counter,
)

__all__ = [
    "CALENDAR_ORIGIN_MS",
    "DAY_MS",
    "EMPTY",
    "HOUR_MS",
    "UNCAPPED",
    "WEEK_MS",
    "AggregationMethod",
    "Behavior",
    "CapExceeded",
    "Closure",
    "Counter",
    "Crossing",
    "NotFiniteError",
    "Reached",
    "Reading",
    "Report",
    "ResetAnchor",
    "ResetPeriod",
    "WarningReached",
    "Window",
    "close_windows",
    "closest_spelling",
    "default_overage_percent",
    "maximum",
    "overage_message",
    "parse_quantity",
    "read_counter",
    "settle_report",
    "warning_boundary",
]
