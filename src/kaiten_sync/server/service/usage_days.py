"""Use cases of time: reports and usage day by day, in UTC, oldest first and today last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kaiten_sync.licensing import DAY_MS, Counter, read_counter
from kaiten_sync.server.db import usage_days as db
from kaiten_sync.server.db.usage_days import UsageDayRow
from kaiten_sync.server.service.saturation import Meter
from kaiten_sync.server.service.usage import schedule_of
from kaiten_sync.server.service.work import Work

SHOWN_DAYS = 30
"""Days of a chart, today included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDay:
    """How many reports were accepted and refused on a day, which starts at `start_ms`."""

    start_ms: int
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedDay:
    """The most that a counter showed on a day, which starts at `start_ms`; None if unknown."""

    start_ms: int
    value: float | None


def count_reports(work: Work, entitlement_id: str | None = None) -> list[ReportDay]:
    """Reports by day, of one entitlement or of all, by the instances that are still there."""
    first = _first(work)
    counted = db.count_by_day(work.connection, work.organization_id, first, entitlement_id)
    days = []
    for day in range(first, first + SHOWN_DAYS):
        accepted, refused = counted.get(day, (0, 0))
        days.append(ReportDay(start_ms=day * DAY_MS, accepted=accepted, refused=refused))
    return days


def usage_by_day(work: Work, meters: Sequence[Meter]) -> list[list[UsedDay]]:
    """What each of the meters showed on each day."""
    return [list(_used_days(work, meter)) for meter in meters]


def _first(work: Work) -> int:
    return work.now_ms // DAY_MS - SHOWN_DAYS + 1


def _used_days(work: Work, meter: Meter) -> Iterable[UsedDay]:
    """Each day's highest value: of what was reported then, and of what was left from before."""
    first = _first(work)
    ids = meter.row.instance_id, meter.row.entitlement_id
    stored = db.days_since(work.connection, *ids, first)
    by_day = {row.day: row for row in stored}
    left = _left_before(meter, stored, first)
    for day in range(first, first + SHOWN_DAYS):
        shown: list[float | None] = []
        if left is not None:
            stored_value, start_ms = left
            reading = read_counter(
                *schedule_of(meter.row),
                day * DAY_MS,
                stored_start_ms=start_ms,
                stored=Counter(stored_value, 1),
            )
            shown.append(reading.counter.value)
        if day in by_day:
            row = by_day[day]
            shown.append(row.value if row.highest is None else row.highest)
            left = None if row.value is None else (row.value, row.period_start)
        known = [value for value in shown if value is not None]
        yield UsedDay(start_ms=day * DAY_MS, value=max(known) if known else None)


_Left = tuple[float, int | None] | None
"""What a counter was left at and the start of its window; None if that is unknown."""


def _left_before(meter: Meter, stored: Sequence[UsageDayRow], first: int) -> _Left:
    """What a counter was left at before the first day."""
    if not stored:
        # Nothing was reported for so long that no day is kept, or never.
        value = meter.row.value
        return (0.0, None) if value is None else (value, meter.row.period_start)
    oldest = stored[0]
    if oldest.day < first:
        return None if oldest.value is None else (oldest.value, oldest.period_start)
    # A day without its highest value is from before such days were written, and not the first.
    return None if oldest.highest is None else (0.0, None)
