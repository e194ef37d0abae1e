"""Many reports in one transaction: what deciding them needs, and what they leave, in bulk.

Each function is one statement, or two, however many reports there are: a statement costs more than
what it does to a few rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Table,
    and_,
    bindparam,
    case,
    select,
    text,
)

from kaiten_sync.server.db.locks import turn_key
from kaiten_sync.server.db.rows import RowQuery, values_of
from kaiten_sync.server.db.sums import INSERTS, add_reports
from kaiten_sync.server.db.tables import entitlement, instance, usage, usage_day, usage_report
from kaiten_sync.server.db.usage import (
    COUNTER_COLUMNS,
    GRANTED,
    CountedUsage,
    ReportRow,
    UsagePair,
)
from kaiten_sync.server.db.usage_days import UsageDayRow

Slugs = tuple[str, str]
"""The slugs of an instance and of an entitlement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterRow:
    """A counter with what it belongs to, the license of its instance, and its window."""

    instance_id: str
    entitlement_id: str
    license_id: str
    value: float
    event_count: int
    period_start: int | None
    window_end: int | None
    report_seq: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _NamedPair:
    """An instance and an entitlement of one organization."""

    instance_id: str
    instance_slug: str
    entitlement_id: str
    entitlement_slug: str


_PAIRS: RowQuery[_NamedPair] = RowQuery(
    _NamedPair,
    select(
        instance.c.id.label("instance_id"),
        instance.c.slug.label("instance_slug"),
        entitlement.c.id.label("entitlement_id"),
        entitlement.c.slug.label("entitlement_slug"),
    )
    .join(entitlement, entitlement.c.organization_id == instance.c.organization_id)
    .where(
        instance.c.organization_id == bindparam("organization"),
        instance.c.slug.in_(bindparam("instance_slugs", expanding=True)),
        entitlement.c.slug.in_(bindparam("entitlement_slugs", expanding=True)),
    ),
)
# On PostgreSQL nobody deletes these two until the transaction ends: what it writes points at them.
_COUNTED: RowQuery[CountedUsage] = RowQuery(
    CountedUsage,
    GRANTED.add_columns(*COUNTER_COLUMNS)
    .outerjoin(
        usage,
        and_(usage.c.instance_id == instance.c.id, usage.c.entitlement_id == entitlement.c.id),
    )
    .where(
        instance.c.id.in_(bindparam("instances", expanding=True)),
        entitlement.c.id.in_(bindparam("entitlements", expanding=True)),
    )
    .with_for_update(read=True, key_share=True, of=[instance, entitlement]),
)
_REPORTS: RowQuery[ReportRow] = RowQuery(
    ReportRow,
    select(usage_report).where(
        usage_report.c.instance_id.in_(bindparam("instances", expanding=True)),
        usage_report.c.entitlement_id.in_(bindparam("entitlements", expanding=True)),
        usage_report.c.transaction_id.in_(bindparam("keys", expanding=True)),
    ),
)


def _upsert(insert: Any, table: Table) -> Any:
    statement, keys = insert(table), list(table.primary_key)
    changed = {each.name: statement.excluded[each.key] for each in table.c if each not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _count_day(insert: Any) -> Any:
    statement, stored = insert(usage_day), usage_day.c
    new = statement.excluded
    changed = {
        "accepted": stored.accepted + new.accepted,
        "refused": stored.refused + new.refused,
        "highest": case((stored.highest > new.highest, stored.highest), else_=new.highest),
        "value": new.value,
        "period_start": new.period_start,
    }
    keys = list(usage_day.primary_key)
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


_WRITE_COUNTERS = {name: _upsert(insert, usage) for name, insert in INSERTS.items()}
_WRITE_REPORTS = {name: _upsert(insert, usage_report) for name, insert in INSERTS.items()}
_COUNT_DAYS = {name: _count_day(insert) for name, insert in INSERTS.items()}

# In the order of the keys, so that two transactions that want the same turns never wait in a ring.
_TURNS = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def find_pairs(
    connection: Connection, organization_id: str, asked: Collection[Slugs]
) -> dict[Slugs, UsagePair]:
    """The ids of instances and entitlements, whether they are granted or not, by their slugs."""
    rows = _PAIRS.all(
        connection,
        organization=organization_id,
        instance_slugs=sorted({each[0] for each in asked}),
        entitlement_slugs=sorted({each[1] for each in asked}),
    )
    return {
        (row.instance_slug, row.entitlement_slug): UsagePair(
            instance_id=row.instance_id, entitlement_id=row.entitlement_id
        )
        for row in rows
        if (row.instance_slug, row.entitlement_slug) in asked
    }


def take_turns(connection: Connection, pairs: Collection[UsagePair]) -> None:
    """Wait until nobody else counts for any of these; keep them until the transaction ends.

    Nothing to do on SQLite, where a transaction that writes is alone.
    """
    if connection.dialect.name == "postgresql":
        keys = sorted({turn_key((pair.instance_id, pair.entitlement_id)) for pair in pairs})
        connection.execute(_TURNS, {"keys": keys})


def find_counted(
    connection: Connection, pairs: Collection[UsagePair]
) -> dict[UsagePair, CountedUsage]:
    """What licenses grant, with the counters. What is not granted is left out.

    Instances and entitlements stay until the transaction ends, which has to be one that writes.
    """
    found = _counted_by_pair(connection, pairs)
    missing = [pair for pair in pairs if pair not in found]
    # An instance that moved meanwhile, as in `usage.find_granted`.
    return {**found, **_counted_by_pair(connection, missing)} if missing else found


def find_reports(
    connection: Connection, asked: Collection[tuple[UsagePair, str]]
) -> dict[tuple[UsagePair, str], ReportRow]:
    """The reports that were counted under these keys of clients."""
    pairs = [pair for pair, _ in asked]
    rows = _REPORTS.all(connection, **_ids(pairs), keys=sorted({key for _, key in asked}))
    found = {}
    for row in rows:
        pair = UsagePair(instance_id=row.instance_id, entitlement_id=row.entitlement_id)
        found[pair, row.transaction_id] = row
    return found


def write_counters(connection: Connection, rows: Sequence[CounterRow]) -> None:
    """Store counters, new ones or in place of stored ones. At most one row for each."""
    _write(connection, _WRITE_COUNTERS, rows)


def write_reports(connection: Connection, rows: Sequence[ReportRow]) -> None:
    """Remember reports by their keys, in place of any that are stored under the same."""
    _write(connection, _WRITE_REPORTS, rows)


def count_days(connection: Connection, rows: Sequence[UsageDayRow]) -> None:
    """Add reports to the days that are stored, or store new ones. At most one row for each.

    `highest` is the most that the counter has shown around these reports.
    """
    _write(connection, _COUNT_DAYS, rows)
    add_reports(
        connection,
        [
            (row.organization_id, row.day, row.entitlement_id, row.accepted, row.refused)
            for row in rows
        ],
    )


def _counted_by_pair(
    connection: Connection, pairs: Collection[UsagePair]
) -> dict[UsagePair, CountedUsage]:
    found = {
        UsagePair(instance_id=row.instance_id, entitlement_id=row.entitlement_id): row
        for row in _COUNTED.all(connection, **_ids(pairs))
    }
    return {pair: found[pair] for pair in pairs if pair in found}


def _ids(pairs: Collection[UsagePair]) -> dict[str, list[str]]:
    return {
        "instances": sorted({pair.instance_id for pair in pairs}),
        "entitlements": sorted({pair.entitlement_id for pair in pairs}),
    }


def _write(connection: Connection, statements: Mapping[str, Any], rows: Sequence[object]) -> None:
    if rows:
        statement = statements[connection.dialect.name]
        connection.execute(statement, [values_of(row) for row in rows])
