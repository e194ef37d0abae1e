"""Whether a stored counter counts in the window that is open now, as a condition in SQL.

Windows end without anything being written. `licensing.windows.read_counter` decides the same for
one counter; a test compares the two. Here it is part of a query, so that a list of the fullest
counters is cut only after the ended ones are left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    bindparam,
    case,
    cast,
    extract,
    false,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from kaiten_sync.licensing import (
    CALENDAR_ORIGIN_MS,
    DAY_MS,
    HOUR_MS,
    WEEK_MS,
    ResetAnchor,
    ResetPeriod,
)

_LENGTHS = {ResetPeriod.HOUR: HOUR_MS, ResetPeriod.DAY: DAY_MS, ResetPeriod.WEEK: WEEK_MS}
_DAY = literal(DAY_MS, BigInteger)


class _DateOf(FunctionElement[datetime]):
    """The date of a number of days since 1970."""

    type = DateTime()
    inherit_cache = True


@compiles(_DateOf, "sqlite")
def _sqlite_date(element: _DateOf, compiler: Any, **options: Any) -> str:
    return f"datetime(({compiler.process(element.clauses, **options)}) * 86400, 'unixepoch')"


@compiles(_DateOf, "postgresql")
def _postgresql_date(element: _DateOf, compiler: Any, **options: Any) -> str:
    return f"(DATE '1970-01-01' + ({compiler.process(element.clauses, **options)})::integer)"


def moment_parameters(now_ms: int) -> dict[str, int]:
    """The parameters of `with_is_open` at a time."""
    now = datetime.fromtimestamp(now_ms // 1000, tz=UTC)
    month, earlier_month = now.year * 12 + now.month - 1, now.year * 12 + now.month - 2
    return {
        "now": now_ms,
        "month": now.month,
        "days_of_month": (_month_began(month + 1) - _month_began(month)) // DAY_MS,
        "month_began": _month_began(month),
        "earlier_month_began": _month_began(earlier_month),
        "year_began": _month_began(now.year * 12),
        "earlier_year_began": _month_began(now.year * 12 - 12),
    }


def with_is_open(counters: Select[Any]) -> Select[Any]:
    """These rows with a column `is_open`.

    They have the columns `value` and `period_start` of a counter, `reset_period`, `reset_anchor`
    and `start_license_date`.
    """
    row = counters.subquery().c
    origin = case(
        (row.reset_anchor == ResetAnchor.LICENSE_START.value, row.start_license_date),
        else_=literal(CALENDAR_ORIGIN_MS, BigInteger),
    )
    timed = select(*row, origin.label("origin"), _time_of_day(origin).label("origin_time"))
    timed = timed.add_columns(_time_of_day(row.period_start).label("start_time"))
    row = timed.subquery().c
    origin_day = (row.origin - row.origin_time) // _DAY
    start_day = (row.period_start - row.start_time) // _DAY
    dated = select(
        *row,
        _part("day", origin_day).label("origin_day"),
        _part("month", origin_day).label("origin_month"),
        _part("day", start_day).label("start_day"),
        _part("day", start_day + 1).label("day_after_start"),
        _part("month", start_day).label("start_month"),
    )
    row = dated.subquery().c
    shown = [column for column in row if column.key in counters.selected_columns]
    return select(*shown, _is_open(row).label("is_open"))


def _is_open(row: Any) -> ColumnElement[bool]:
    now = bindparam("now", type_=BigInteger)
    # A month that is too short for the day begins its window on its last day.
    is_on_day = and_(
        row.start_time == row.origin_time,
        or_(
            row.start_day == row.origin_day,
            and_(row.start_day < row.origin_day, row.day_after_start == 1),
        ),
    )
    days = bindparam("days_of_month", type_=BigInteger)
    day = case((row.origin_day > days, days), else_=row.origin_day)
    month_began = bindparam("month_began", type_=BigInteger)
    has_begun_this_month = month_began + (day - 1) * _DAY + row.origin_time <= now
    has_begun_this_year = or_(
        row.origin_month < bindparam("month"),
        and_(row.origin_month == bindparam("month"), has_begun_this_month),
    )
    # One window begins in each month, or year, so that of its start says which window it is.
    first_month = case(
        (has_begun_this_month, month_began),
        else_=bindparam("earlier_month_began", type_=BigInteger),
    )
    first_year = case(
        (has_begun_this_year, bindparam("year_began", type_=BigInteger)),
        else_=bindparam("earlier_year_began", type_=BigInteger),
    )
    by_period: dict[ResetPeriod, ColumnElement[bool]] = {
        period: and_(
            (row.period_start - row.origin) % length_ms == 0, row.period_start > now - length_ms
        )
        for period, length_ms in _LENGTHS.items()
    }
    by_period[ResetPeriod.MONTH] = and_(is_on_day, row.period_start >= first_month)
    by_period[ResetPeriod.YEAR] = and_(
        is_on_day, row.start_month == row.origin_month, row.period_start >= first_year
    )
    return case(
        (row.reset_period.is_(None), row.value.is_not(None)),
        (row.period_start.is_(None), false()),
        *((row.reset_period == period.value, is_open) for period, is_open in by_period.items()),
        else_=false(),
    )


def _time_of_day(at_ms: ColumnElement[int]) -> ColumnElement[int]:
    # Both databases give the remainder the sign of the dividend.
    return (at_ms % _DAY + _DAY) % _DAY


def _part(name: str, day: ColumnElement[int]) -> ColumnElement[int]:
    return cast(extract(name, _DateOf(day)), BigInteger)


def _month_began(months: int) -> int:
    """When a month began, by the number of months since the year 0."""
    began = datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    return int(began.timestamp()) * 1000
