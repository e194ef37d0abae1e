"""What was reported and used on each day, by instance and entitlement. Days are in UTC, since 1970.

Written along with the counter, so that neither reports over time nor usage over time has to be
worked out of events, which are as many as reports. Reports are added up over all instances as well
(ADR 45): an organization may have millions of days of counters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    bindparam,
    delete,
    func,
    select,
    tuple_,
)

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.tables import report_day, usage_day


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageDayRow:
    """The reports and the usage of one day.

    `highest` is the most that the counter showed, `value` what it was left at. Both are None on
    days that were counted from events, before this table existed.
    """

    instance_id: str
    entitlement_id: str
    day: int
    organization_id: str
    accepted: int
    refused: int
    highest: float | None
    value: float | None
    period_start: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCount:
    """How many reports were accepted and refused on a day."""

    day: int
    accepted: int
    refused: int


def _of_pair(days: FromClause) -> tuple[ColumnElement[bool], ...]:
    return (
        days.c.instance_id == bindparam("instance"),
        days.c.entitlement_id == bindparam("entitlement"),
    )


_COUNTED: RowQuery[ReportCount] = RowQuery(
    ReportCount,
    select(
        report_day.c.day,
        func.sum(report_day.c.accepted).label("accepted"),
        func.sum(report_day.c.refused).label("refused"),
    )
    .where(report_day.c.organization_id == bindparam("organization"))
    .where(report_day.c.day >= bindparam("first"))
    .group_by(report_day.c.day),
)
_OF_ENTITLEMENT = _COUNTED.where(report_day.c.entitlement_id == bindparam("entitlement"))

_earlier = usage_day.alias("earlier")
_LAST_BEFORE = (
    select(func.max(_earlier.c.day))
    .where(*_of_pair(_earlier), _earlier.c.day < bindparam("first"))
    .scalar_subquery()
)
_SINCE: RowQuery[UsageDayRow] = RowQuery(
    UsageDayRow,
    select(usage_day)
    .where(*_of_pair(usage_day), usage_day.c.day >= func.coalesce(_LAST_BEFORE, bindparam("first")))
    .order_by(usage_day.c.day),
)


def count_by_day(
    connection: Connection, organization_id: str, first: int, entitlement_id: str | None = None
) -> dict[int, tuple[int, int]]:
    """Reports accepted and refused since the first day, by day; of one entitlement or of all."""
    parameters: dict[str, Any] = {"organization": organization_id, "first": first}
    query = _COUNTED
    if entitlement_id is not None:
        query = _OF_ENTITLEMENT
        parameters["entitlement"] = entitlement_id
    rows = query.all(connection, **parameters)
    return {row.day: (int(row.accepted), int(row.refused)) for row in rows}


def days_since(
    connection: Connection, instance_id: str, entitlement_id: str, first: int
) -> list[UsageDayRow]:
    """The days of an instance and an entitlement since the first day, oldest first.

    With the last one before the first day, if there is one.
    """
    return _SINCE.all(connection, instance=instance_id, entitlement=entitlement_id, first=first)


def forget_days(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget at most this many of the days before a time. Returns how many."""
    key = tuple_(usage_day.c.instance_id, usage_day.c.entitlement_id, usage_day.c.day)
    old = (
        select(usage_day.c.instance_id, usage_day.c.entitlement_id, usage_day.c.day)
        .where(usage_day.c.day < before_ms // DAY_MS)
        .limit(limit)
    )
    return connection.execute(delete(usage_day).where(key.in_(old))).rowcount
