"""Usage: counters of what instances consume, and the keys of the reports that counted.

A counter belongs to an instance and an entitlement, not to a grant: it outlives the license.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    select,
    tuple_,
    update,
)

from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.tables import (
    entitlement,
    grant,
    group_member,
    instance,
    license_version,
    usage,
    usage_report,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceKey:
    """An instance's id, slug and license."""

    id: str
    slug: str
    license_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePair:
    """What a counter belongs to."""

    instance_id: str
    entitlement_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTerms:
    """What is metered, and when it starts again. `start_license_date` is in ms since 1970."""

    entitlement_id: str
    entitlement_slug: str
    entitlement_type: str
    reset_period: str | None
    reset_anchor: str | None
    start_license_date: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterTerms(UsageTerms):
    """What a counter counts, where its window starts, and the license that its instance has."""

    license_id: str
    period_start: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantedUsage(UsageTerms):
    """What an instance's license says about an entitlement. `limit` is the tagged value."""

    instance_id: str
    instance_slug: str
    instance_name: str
    license_id: str
    license_slug: str
    aggregation_method: str | None
    warning_threshold_percent: int
    unit_singular: str | None
    unit_plural: str | None
    limit: dict[str, Any]
    overage_percent: int | None


@dataclass(frozen=True, kw_only=True)  # without slots: a class cannot have two bases with them
class CounterState:
    """What a counter shows; all of it is None if nothing was ever reported.

    `report_seq` counts all reports, `event_count` those in the window that starts at
    `period_start`, which is also None if usage never starts again.
    """

    value: float | None
    event_count: int | None
    period_start: int | None
    report_seq: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedUsage(GrantedUsage, CounterState):
    """What an instance's license grants, with its counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUsage(UsageTerms, CounterState):
    """A member of a group with an instance's counter, and its grant if there is one."""

    entitlement_name: str
    limit: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A counted report, under the key of the client that sent it."""

    instance_id: str
    entitlement_id: str
    transaction_id: str
    behavior: str
    value: float
    report_seq: int
    reported_at: int
    answer: dict[str, Any]


U = TypeVar("U", bound=UsageTerms)

_MINE = instance.c.organization_id == bindparam("organization")

_FIND_INSTANCE: RowQuery[InstanceKey] = RowQuery(
    InstanceKey,
    select(instance.c.id, instance.c.slug, instance.c.license_id).where(
        _MINE, instance.c.slug == bindparam("slug")
    ),
)
_TERMS_COLUMNS = (
    entitlement.c.id.label("entitlement_id"),
    entitlement.c.slug.label("entitlement_slug"),
    entitlement.c.type.label("entitlement_type"),
    entitlement.c.reset_period,
    entitlement.c.reset_anchor,
    instance.c.start_license_date,
)
GRANTED_COLUMNS = (
    *_TERMS_COLUMNS,
    instance.c.id.label("instance_id"),
    instance.c.slug.label("instance_slug"),
    instance.c.name.label("instance_name"),
    license_version.c.id.label("license_id"),
    license_version.c.slug.label("license_slug"),
    entitlement.c.aggregation_method,
    entitlement.c.warning_threshold_percent,
    entitlement.c.unit_singular,
    entitlement.c.unit_plural,
    grant.c.value.label("limit"),
    grant.c.overage_percent,
)
COUNTER_COLUMNS = (usage.c.value, usage.c.event_count, usage.c.period_start, usage.c.report_seq)
"""The fields of `UsageTerms`, of `GrantedUsage`, and those that `CountedUsage` adds."""

GRANTED: Select[Any] = (
    select(*GRANTED_COLUMNS)
    .select_from(instance)
    .join(license_version, license_version.c.id == instance.c.license_id)
    .join(grant, grant.c.license_id == license_version.c.id)
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
)
"""What licenses grant to instances; whoever reads it says of which."""

_GRANTED = GRANTED.where(instance.c.id == bindparam("instance"))
# On PostgreSQL nobody deletes these two until the transaction ends: what it writes points at them.
_GRANTED_HELD = RowQuery(
    GrantedUsage,
    _GRANTED.where(entitlement.c.id == bindparam("entitlement")).with_for_update(
        read=True, key_share=True, of=[instance, entitlement]
    ),
)

_FIND_COUNTER: RowQuery[CounterState] = RowQuery(
    CounterState,
    select(*COUNTER_COLUMNS)
    .where(usage.c.instance_id == bindparam("instance"))
    .where(usage.c.entitlement_id == bindparam("entitlement")),
)
_TERMS: RowQuery[CounterTerms] = RowQuery(
    CounterTerms,
    select(*_TERMS_COLUMNS, instance.c.license_id, usage.c.period_start)
    .select_from(usage)
    .join(entitlement, entitlement.c.id == usage.c.entitlement_id)
    .join(instance, instance.c.id == usage.c.instance_id)
    .where(usage.c.instance_id == bindparam("instance")),
)
_FOLLOW = (
    update(usage)
    .where(usage.c.instance_id == bindparam("instance"))
    .where(usage.c.entitlement_id == bindparam("entitlement"))
    .values(license_id=bindparam("license"), window_end=bindparam("end"))
)
_LIST = RowQuery(
    CountedUsage,
    _GRANTED.add_columns(*COUNTER_COLUMNS).outerjoin(
        usage,
        and_(usage.c.instance_id == instance.c.id, usage.c.entitlement_id == entitlement.c.id),
    ),
)
_LIST_MEMBERS: RowQuery[MemberUsage] = RowQuery(
    MemberUsage,
    select(
        instance.c.start_license_date,
        entitlement.c.id.label("entitlement_id"),
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
        entitlement.c.reset_period,
        entitlement.c.reset_anchor,
        grant.c.value.label("limit"),
        *COUNTER_COLUMNS,
    )
    .select_from(group_member)
    .join(entitlement, entitlement.c.id == group_member.c.entitlement_id)
    .join(instance, instance.c.id == bindparam("instance"))
    .outerjoin(
        grant,
        and_(
            grant.c.license_id == instance.c.license_id, grant.c.entitlement_id == entitlement.c.id
        ),
    )
    .outerjoin(
        usage,
        and_(usage.c.instance_id == instance.c.id, usage.c.entitlement_id == entitlement.c.id),
    )
    .where(group_member.c.group_id == bindparam("group")),
)

_report_key = tuple_(
    usage_report.c.instance_id, usage_report.c.entitlement_id, usage_report.c.transaction_id
)


def find_instance_key(
    connection: Connection, organization_id: str, slug: str
) -> InstanceKey | None:
    """An instance's id, slug and license by its slug."""
    return _FIND_INSTANCE.first(connection, organization=organization_id, slug=slug)


def find_granted(
    connection: Connection, instance_id: str, entitlement_id: str
) -> GrantedUsage | None:
    """What the instance's license says about an entitlement; None if it does not grant it.

    Both stay until the transaction ends, which has to be one that writes.
    """
    asked = {"instance": instance_id, "entitlement": entitlement_id}
    found = _GRANTED_HELD.first(connection, **asked)
    # On PostgreSQL an instance that moved to another license while its lock was waited for falls
    # out of the join with the old one. Now that it is locked, it stays where it is.
    return found or _GRANTED_HELD.first(connection, **asked)


def find_counter(
    connection: Connection, instance_id: str, entitlement_id: str
) -> CounterState | None:
    """A counter; None if nothing was ever reported."""
    return _FIND_COUNTER.first(connection, instance=instance_id, entitlement=entitlement_id)


def terms_of_counters(connection: Connection, instance_id: str) -> list[CounterTerms]:
    """The terms of all counters of an instance, in no order."""
    return _TERMS.all(connection, instance=instance_id)


def write_followed(
    connection: Connection, instance_id: str, rows: Iterable[tuple[CounterTerms, int | None]]
) -> None:
    """Store with these counters of an instance its license and the ends of their windows."""
    followed = [
        {
            "instance": instance_id,
            "entitlement": terms.entitlement_id,
            "license": terms.license_id,
            "end": end_ms,
        }
        for terms, end_ms in rows
    ]
    if followed:
        connection.execute(_FOLLOW, followed)


def list_usage(connection: Connection, instance_id: str) -> list[CountedUsage]:
    """All that an instance's license grants, with the counters that there are, by slug."""
    return _by_slug(_LIST.all(connection, instance=instance_id))


def list_member_usage(connection: Connection, group_id: str, instance_id: str) -> list[MemberUsage]:
    """All members of a group with an instance's grants and counters of them, by slug."""
    return _by_slug(_LIST_MEMBERS.all(connection, group=group_id, instance=instance_id))


def forget_reports(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget at most this many of the reports before a time, oldest first. Returns how many."""
    oldest = (
        select(
            usage_report.c.instance_id, usage_report.c.entitlement_id, usage_report.c.transaction_id
        )
        .where(usage_report.c.reported_at < before_ms)
        # Few at a time and the oldest first: a sweep must not hold up who reports.
        .order_by(usage_report.c.reported_at)
        .limit(limit)
    )
    return connection.execute(delete(usage_report).where(_report_key.in_(oldest))).rowcount


def _by_slug(rows: Iterable[U]) -> list[U]:
    # Not by the database: each sorts text in its own way.
    return sorted(rows, key=lambda row: row.entitlement_slug)
