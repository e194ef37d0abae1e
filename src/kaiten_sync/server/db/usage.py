"""Usage: counters of what instances consume, and the keys of the reports that counted.

A counter belongs to an instance and an entitlement, not to a grant: it outlives the license.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    select,
    tuple_,
    update,
)

from kaiten_sync.server.db.tables import (
    entitlement,
    grant,
    group_member,
    instance,
    license_version,
    usage,
    usage_report,
)

_MINE = instance.c.organisation_id == bindparam("organisation")

_FIND_INSTANCE: Select[Any] = select(instance.c.id, instance.c.slug, instance.c.license_id).where(
    _MINE, instance.c.slug == bindparam("slug")
)
_FIND_PAIR: Select[Any] = (
    select(instance.c.id.label("instance_id"), entitlement.c.id.label("entitlement_id"))
    .join(entitlement, entitlement.c.organisation_id == instance.c.organisation_id)
    .where(_MINE, instance.c.slug == bindparam("slug"))
    .where(entitlement.c.slug == bindparam("entitlement_slug"))
)

_GRANTED: Select[Any] = (
    select(
        instance.c.id.label("instance_id"),
        instance.c.slug.label("instance_slug"),
        instance.c.start_license_date,
        license_version.c.id.label("license_id"),
        license_version.c.slug.label("license_slug"),
        entitlement.c.id.label("entitlement_id"),
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.type.label("entitlement_type"),
        entitlement.c.aggregation_method,
        entitlement.c.reset_period,
        entitlement.c.reset_anchor,
        entitlement.c.warning_threshold_percent,
        grant.c.value.label("limit"),
        grant.c.overage_percent,
    )
    .select_from(instance)
    .join(license_version, license_version.c.id == instance.c.license_id)
    .join(grant, grant.c.license_id == license_version.c.id)
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .where(instance.c.id == bindparam("instance"))
)
# On PostgreSQL nobody deletes these two until the transaction ends: what it writes points at them.
_GRANTED_HELD = _GRANTED.where(entitlement.c.id == bindparam("entitlement")).with_for_update(
    read=True, key_share=True, of=[instance, entitlement]
)

_COUNTER = (usage.c.value, usage.c.event_count, usage.c.period_start, usage.c.report_seq)
_FIND_COUNTER: Select[Any] = (
    select(*_COUNTER)
    .where(usage.c.instance_id == bindparam("instance"))
    .where(usage.c.entitlement_id == bindparam("entitlement"))
)
_FIND_COUNTER_HELD = _FIND_COUNTER.with_for_update()
_LIST = _GRANTED.add_columns(*_COUNTER).outerjoin(
    usage, and_(usage.c.instance_id == instance.c.id, usage.c.entitlement_id == entitlement.c.id)
)
_LIST_MEMBERS = (
    select(
        instance.c.start_license_date,
        entitlement.c.id.label("entitlement_id"),
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
        entitlement.c.reset_period,
        entitlement.c.reset_anchor,
        grant.c.value.label("limit"),
        *_COUNTER,
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
    .where(group_member.c.group_id == bindparam("group"))
)

_ADD_COUNTER = insert(usage)
_CHANGE_COUNTER = (
    update(usage)
    .where(usage.c.instance_id == bindparam("instance"))
    .where(usage.c.entitlement_id == bindparam("entitlement"))
)

_OF_KEY = (
    usage_report.c.instance_id == bindparam("instance"),
    usage_report.c.entitlement_id == bindparam("entitlement"),
    usage_report.c.transaction_id == bindparam("key"),
)
_FIND_REPORT = select(usage_report).where(*_OF_KEY)
_REMOVE_REPORT = delete(usage_report).where(*_OF_KEY)
_ADD_REPORT = insert(usage_report)

_report_key = tuple_(
    usage_report.c.instance_id, usage_report.c.entitlement_id, usage_report.c.transaction_id
)


def find_instance(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """An instance's id, slug and license by its slug."""
    return connection.execute(
        _FIND_INSTANCE, {"organisation": organisation_id, "slug": slug}
    ).first()


def find_pair(
    connection: Connection, organisation_id: str, instance_slug: str, entitlement_slug: str
) -> Row[Any] | None:
    """The ids of an instance and an entitlement, whether it is granted or not."""
    parameters = {
        "organisation": organisation_id,
        "slug": instance_slug,
        "entitlement_slug": entitlement_slug,
    }
    return connection.execute(_FIND_PAIR, parameters).first()


def find_granted(connection: Connection, instance_id: str, entitlement_id: str) -> Row[Any] | None:
    """What the instance's license says about an entitlement; None where it does not grant it.

    Both stay until the transaction ends, which has to be one that writes.
    """
    parameters = {"instance": instance_id, "entitlement": entitlement_id}
    return connection.execute(_GRANTED_HELD, parameters).first()


def find_counter(
    connection: Connection, instance_id: str, entitlement_id: str, *, lock: bool = False
) -> Row[Any] | None:
    """A counter; with `lock` no other transaction changes it before this one ends."""
    parameters = {"instance": instance_id, "entitlement": entitlement_id}
    return connection.execute(_FIND_COUNTER_HELD if lock else _FIND_COUNTER, parameters).first()


def list_usage(connection: Connection, instance_id: str) -> list[Row[Any]]:
    """All that an instance's license grants, with the counters that there are, by slug."""
    rows = connection.execute(_LIST, {"instance": instance_id}).all()
    return _by_slug(rows)


def list_member_usage(connection: Connection, group_id: str, instance_id: str) -> list[Row[Any]]:
    """All members of a group with an instance's grants and counters of them, by slug."""
    rows = connection.execute(_LIST_MEMBERS, {"group": group_id, "instance": instance_id}).all()
    return _by_slug(rows)


def add_counter(
    connection: Connection, instance_id: str, entitlement_id: str, **values: object
) -> None:
    """Store a counter."""
    ids = {"instance_id": instance_id, "entitlement_id": entitlement_id}
    connection.execute(_ADD_COUNTER, {**ids, **values})


def change_counter(
    connection: Connection, instance_id: str, entitlement_id: str, **values: object
) -> None:
    """Overwrite columns of a counter."""
    parameters = {"instance": instance_id, "entitlement": entitlement_id, **values}
    connection.execute(_CHANGE_COUNTER, parameters)


def find_report(
    connection: Connection, instance_id: str, entitlement_id: str, key: str
) -> Row[Any] | None:
    """The report that was counted under this key of a client's."""
    parameters = {"instance": instance_id, "entitlement": entitlement_id, "key": key}
    return connection.execute(_FIND_REPORT, parameters).first()


def add_report(
    connection: Connection, instance_id: str, entitlement_id: str, key: str, **values: object
) -> None:
    """Remember a report by its key."""
    ids = {"instance_id": instance_id, "entitlement_id": entitlement_id, "transaction_id": key}
    connection.execute(_ADD_REPORT, {**ids, **values})


def remove_report(connection: Connection, instance_id: str, entitlement_id: str, key: str) -> None:
    """Forget one report."""
    parameters = {"instance": instance_id, "entitlement": entitlement_id, "key": key}
    connection.execute(_REMOVE_REPORT, parameters)


def forget_reports(connection: Connection, before_ms: int, limit: int) -> int:
    """Forget at most this many of the reports before a time, oldest first. Gives how many."""
    oldest = (
        select(
            usage_report.c.instance_id, usage_report.c.entitlement_id, usage_report.c.transaction_id
        )
        .where(usage_report.c.reported_at < before_ms)
        .order_by(usage_report.c.reported_at)
        .limit(limit)
    )
    return connection.execute(delete(usage_report).where(_report_key.in_(oldest))).rowcount


def _by_slug(rows: Any) -> list[Row[Any]]:
    # Not by the database: each sorts text in its own way.
    return sorted(rows, key=lambda row: row.entitlement_slug)
