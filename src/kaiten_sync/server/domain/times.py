"""Points in time as the API spells them. Source: RFC 3339, section 5.6."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST_MS = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
# Not 24:00:00, which newer Pythons read as the next day.
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def parse_rfc3339(text: str) -> int | None:
    """Milliseconds since 1970, rounded down; None if the text is not an RFC 3339 date-time.

    A leap second is refused: no clock of ours has one. So is a time that lies outside of the years
    1 to 9999 once it is in UTC, as we show it.
    """
    if not _RFC_3339.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    milliseconds = (moment - _EPOCH) // _MILLISECOND
    return milliseconds if _FIRST_MS <= milliseconds <= _LAST_MS else None
