"""Pure rules of licensing, shared by the embedded server and the rest. No I/O, no clock."""

from kaiten_sync.licensing.aggregation import EMPTY, AggregationMethod, Counter, NotFiniteError
from kaiten_sync.licensing.quantities import (
    MAX_QUANTITY,
    Unit,
    is_read_with_prefix,
    parse_quantity,
    quantity_text,
    shortest_quantity,
)
from kaiten_sync.licensing.spellings import closest_spelling
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
    "MAX_QUANTITY",
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
    "Unit",
    "WarningReached",
    "Window",
    "close_windows",
    "closest_spelling",
    "default_overage_percent",
    "is_read_with_prefix",
    "maximum",
    "overage_message",
    "parse_quantity",
    "quantity_text",
    "read_counter",
    "settle_report",
    "shortest_quantity",
    "warning_boundary",
]
