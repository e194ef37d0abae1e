"""Sums that lists and charts read instead of millions of rows (ADR 45).

Whoever writes a row of what is added up writes the sum in the same transaction. A sum has parts,
one for each process that adds to it, so that they do not wait for one another.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.db.tables import counter_count, entitlement, report_day, usage, usage_day

# SQLAlchemy has no common word for what both databases do with a row that is there already.
INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

ReportSum = tuple[str, int, str, int, int]
"""Organization, day, entitlement, and how many reports were accepted and refused."""

CounterSum = tuple[str, str, str, int]
"""Organization, entitlement, license, and how many counters there are."""

_PART = secrets.randbelow(64)
"""The part of each sum that this process adds to: of so many, others seldom have the same."""

_REPORTS: Select[Any] = (
    select(
        usage_day.c.organization_id,
        usage_day.c.day,
        usage_day.c.entitlement_id,
        func.sum(usage_day.c.accepted),
        func.sum(usage_day.c.refused),
    )
    .where(usage_day.c.instance_id.in_(bindparam("instances", expanding=True)))
    .group_by(usage_day.c.organization_id, usage_day.c.day, usage_day.c.entitlement_id)
)
_COUNTERS: Select[Any] = (
    select(entitlement.c.organization_id, usage.c.entitlement_id, usage.c.license_id, func.count())
    .join(entitlement, entitlement.c.id == usage.c.entitlement_id)
    .where(usage.c.instance_id.in_(bindparam("instances", expanding=True)))
    .group_by(entitlement.c.organization_id, usage.c.entitlement_id, usage.c.license_id)
)


def _adding(table: Table, name: str) -> Any:
    keys = list(table.primary_key)
    statement = INSERTS[name](table)
    added = {c.key: c + statement.excluded[c.key] for c in table.c if c not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=added)


_ADDING = {
    (table, name): _adding(table, name) for table in (report_day, counter_count) for name in INSERTS
}


def add_reports(connection: Connection, sums: Iterable[ReportSum]) -> None:
    """Add these reports to those of their days."""
    _add(connection, report_day, 3, sums)


def add_counters(connection: Connection, sums: Iterable[CounterSum]) -> None:
    """Add these counters to how many there are."""
    _add(connection, counter_count, 3, sums)


def count_counters(connection: Connection, instance_ids: Collection[str], times: int = 1) -> None:
    """Add the counters of these instances to how many there are, or with -1 take them out."""
    found = connection.execute(_COUNTERS, {"instances": sorted(instance_ids)})
    add_counters(
        connection, [(who, what, held, times * number) for who, what, held, number in found]
    )


def leave_out(connection: Connection, instance_ids: Collection[str]) -> None:
    """Take all that these instances have out of the sums, before they are deleted.

    The transaction holds them, so that no report on one is under way.
    """
    found = connection.execute(_REPORTS, {"instances": sorted(instance_ids)})
    add_reports(
        connection,
        [(who, day, what, -accepted, -refused) for who, day, what, accepted, refused in found],
    )
    count_counters(connection, instance_ids, -1)


def forget_reports(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget at most this many of the sums of days before a time. Returns how many."""
    key = report_day.primary_key
    old = select(*key).where(report_day.c.day < before_ms // DAY_MS).limit(limit)
    return connection.execute(delete(report_day).where(tuple_(*key).in_(old))).rowcount


def _add(connection: Connection, table: Table, keys: int, sums: Iterable[tuple[Any, ...]]) -> None:
    """Add these sums, of which the first columns are the key."""
    total: dict[tuple[Any, ...], list[int]] = {}
    for row in sums:
        before = total.setdefault(row[:keys], [0] * len(row[keys:]))
        total[row[:keys]] = [a + int(b) for a, b in zip(before, row[keys:], strict=True)]
    names = [column.key for column in table.c if column.key != "part"]
    rows = [
        {**dict(zip(names, (*key, *amounts), strict=True)), "part": _PART}
        # Sorted, so that two transactions never wait for each other.
        for key, amounts in sorted(total.items())
        if any(amounts)
    ]
    if rows:
        connection.execute(_ADDING[table, connection.dialect.name], rows)
