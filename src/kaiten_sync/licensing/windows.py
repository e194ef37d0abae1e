"""When usage starts again: the window that a time lies in, and the windows that ended since.

Windows are numbered on a grid that begins at an origin and goes on in both directions. The origin
is the start of the instance's license, or the turn of a year, month, week, day and hour at once.
So any number of skipped windows is a subtraction, and only those that are reported are built.

All times are milliseconds since 1970 in UTC. Windows end where the years that dates can say end.

Source: API facts, section 1.6. A window ahead of the clock is kept, as later versions do.
"""

from __future__ import annotations

import calendar
from datetime import MAXYEAR, MINYEAR, date
from enum import StrEnum
from typing import Protocol, assert_never

from kaiten_sync.immutable import Immutable
from kaiten_sync.licensing.aggregation import EMPTY, Counter

MAX_SYNTHETIC_CLOSURES = 1000
"""As many skipped windows are reported, the newest: six weeks of hours, or almost three years of
days. Each is an event to store and to deliver within one report."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

FIRST_MS = -62_135_596_800_000
"""0001-01-01T00:00:00.000Z, the first time that a date can say."""

LAST_MS = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last one: it ends the last window of every kind."""

CALENDAR_ORIGIN_MS = 978_307_200_000
"""2001-01-01T00:00:00.000Z, a Monday: a year, a month, an ISO week, a day and an hour begin."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
"""Days before 1970 as Python counts them, from the year 1 on."""


class ResetPeriod(StrEnum):
    """How long usage is counted before it starts again."""

    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class ResetAnchor(StrEnum):
    """Where windows begin: with the calendar in UTC, or with the instance's license."""

    CALENDAR = "CALENDAR"
    LICENSE_START = "LICENSE_START"


class Window(Immutable, frozen=True):
    """A time from its start up to, and without, its end."""

    start_ms: int
    end_ms: int


class Reading(Immutable, frozen=True, kw_only=True):
    """What a counter shows, and the window it counts in: None if nothing resets it."""

    window: Window | None
    counter: Counter


class Closure(Immutable, frozen=True, kw_only=True):
    """A window that ended, with what was counted in it. Bounds that nobody knows are None.

    `is_synthetic`: nothing was reported in it, so it never had a counter.
    """

    value: float
    event_count: int
    closed_period_start: int | None
    closed_period_end: int | None
    new_period_start: int
    is_synthetic: bool


def read_counter(
    period: ResetPeriod | None,
    anchor: ResetAnchor | None,
    license_start_ms: int,
    now_ms: int,
    *,
    stored_start_ms: int | None,
    stored: Counter,
) -> Reading:
    """What a stored counter shows now: itself in its own window, and nothing in a later one.

    No anchor is CALENDAR.
    A stored window that lies ahead of the clock, which was set back, is gone on with. A counter
    without a period is kept, whatever window it was once in: upstream never takes a period away.
    """
    if period is None:
        return Reading(window=None, counter=stored)
    grid = _grid(period, anchor, license_start_ms)
    current = _index_at(grid, now_ms)
    last = _index_of(grid, stored_start_ms)
    if last is None or last < current:
        # Shown as empty and not stored: the next report closes the old window, and emits its
        # events.
        return Reading(window=_window(grid, current), counter=EMPTY)
    return Reading(window=_window(grid, last), counter=stored)


def end_of_window(
    period: ResetPeriod | None,
    anchor: ResetAnchor | None,
    license_start_ms: int,
    stored_start_ms: int | None,
) -> int | None:
    """The end of the window that starts at a time; None if none does, or nothing resets usage."""
    if period is None:
        return None
    grid = _grid(period, anchor, license_start_ms)
    index = _index_of(grid, stored_start_ms)
    return None if index is None else _window(grid, index).end_ms


def close_windows(
    period: ResetPeriod | None,
    anchor: ResetAnchor | None,
    license_start_ms: int,
    now_ms: int,
    *,
    stored_start_ms: int | None,
    stored: Counter,
) -> tuple[Closure, ...]:
    """The windows that ended since a counter was stored, oldest first; none if it is still open.

    First the stored one, then one without usage for each that was skipped. A counter that had no
    window, or one whose bounds are none any more because the license now starts at another time,
    is closed alone and without the bounds that nobody knows.

    Upstream reports every skipped window, and later versions refuse the report with a 500 where
    there are too many. Here only the newest MAX_SYNTHETIC_CLOSURES are reported: those before are
    left out, between the stored window and the rest.
    """
    if period is None:
        return ()
    grid = _grid(period, anchor, license_start_ms)
    current = _index_at(grid, now_ms)
    last = _index_of(grid, stored_start_ms)
    if last is None:
        return (
            Closure(
                value=stored.value,
                event_count=stored.event_count,
                closed_period_start=stored_start_ms,
                closed_period_end=None,
                new_period_start=_window(grid, current).start_ms,
                is_synthetic=False,
            ),
        )
    if last >= current:
        return ()
    skipped = range(max(last + 1, current - MAX_SYNTHETIC_CLOSURES), current)
    return (
        _closure(_window(grid, last), stored, is_synthetic=False),
        *(_closure(_window(grid, index), EMPTY, is_synthetic=True) for index in skipped),
    )


class _Grid(Protocol):
    """Windows by number, unbounded in both directions."""

    def index_at(self, at_ms: int) -> int: ...

    def start_of(self, index: int) -> int: ...


class _EvenGrid(Immutable, frozen=True):
    """Windows of one length. UTC has no hours to skip."""

    origin_ms: int
    length_ms: int

    def index_at(self, at_ms: int) -> int:
        return (at_ms - self.origin_ms) // self.length_ms

    def start_of(self, index: int) -> int:
        return self.origin_ms + index * self.length_ms


class _MonthGrid(Immutable, frozen=True):
    """Windows of so many months from a day on.

    A month that is too short for the day begins its window on its last day; the next one again
    on the day itself.
    """

    origin_ms: int
    months: int

    def index_at(self, at_ms: int) -> int:
        # By months alone first, which is one too many before the day and hour of the origin in
        # its month.
        index = (_month_of(_day_of(at_ms)) - _month_of(self._origin_day)) // self.months
        return index if self.start_of(index) <= at_ms else index - 1

    def start_of(self, index: int) -> int:
        day = self._origin_day
        year, month = divmod(_month_of(day) + index * self.months, 12)
        if year < MINYEAR:
            return FIRST_MS
        if year > MAXYEAR:
            return LAST_MS
        _, days = calendar.monthrange(year, month + 1)
        # From the day of the origin each time: after a February on the 28th, March begins on the
        # 31st again.
        start = date(year, month + 1, min(day.day, days))
        return (start.toordinal() - _EPOCH_DAY) * DAY_MS + self.origin_ms % DAY_MS

    @property
    def _origin_day(self) -> date:
        return _day_of(self.origin_ms)


def _grid(period: ResetPeriod, anchor: ResetAnchor | None, license_start_ms: int) -> _Grid:
    origin_ms = _origin_ms(anchor, license_start_ms)
    match period:
        case ResetPeriod.HOUR:
            return _EvenGrid(origin_ms, HOUR_MS)
        case ResetPeriod.DAY:
            return _EvenGrid(origin_ms, DAY_MS)
        case ResetPeriod.WEEK:
            return _EvenGrid(origin_ms, WEEK_MS)
        case ResetPeriod.MONTH:
            return _MonthGrid(origin_ms, 1)
        case ResetPeriod.YEAR:
            return _MonthGrid(origin_ms, 12)
    assert_never(period)


def _origin_ms(anchor: ResetAnchor | None, license_start_ms: int) -> int:
    match anchor:
        case ResetAnchor.CALENDAR | None:
            return CALENDAR_ORIGIN_MS
        case ResetAnchor.LICENSE_START:
            return license_start_ms
    assert_never(anchor)


def _index_at(grid: _Grid, at_ms: int) -> int:
    # The very last millisecond is the end of its window, so it counts as the one before.
    return grid.index_at(min(max(at_ms, FIRST_MS), LAST_MS - 1))


def _index_of(grid: _Grid, start_ms: int | None) -> int | None:
    """The number of the window that starts here; None if none does."""
    if start_ms is None:
        return None
    index = _index_at(grid, start_ms)
    return index if _window(grid, index).start_ms == start_ms else None


def _window(grid: _Grid, index: int) -> Window:
    return Window(max(grid.start_of(index), FIRST_MS), min(grid.start_of(index + 1), LAST_MS))


def _closure(window: Window, counter: Counter, *, is_synthetic: bool) -> Closure:
    return Closure(
        value=counter.value,
        event_count=counter.event_count,
        closed_period_start=window.start_ms,
        closed_period_end=window.end_ms,
        new_period_start=window.end_ms,
        is_synthetic=is_synthetic,
    )


def _day_of(at_ms: int) -> date:
    return date.fromordinal(at_ms // DAY_MS + _EPOCH_DAY)


def _month_of(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1
