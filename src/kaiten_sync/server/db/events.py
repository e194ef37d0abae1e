"""Events: what happened, in the order in which it was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select

from kaiten_sync.server.db.rows import RowQuery, values_of
from kaiten_sync.server.db.tables import event, organization, webhook_delivery, webhook_endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What the audit shows of an event beside its payload. What is not known, or not so, is None.

    `address` is that of the object, such as `license/growth`, that the payload shows whole. Usage
    is before and after a report, and if that was refused, after it would have been accepted; then
    there are a threshold and its overage. `reason` is what somebody wrote who reported by hand.
    """

    address: str | None = None
    used_before: float | None = None
    used_after: float | None = None
    threshold: float | None = None
    overage_percent: int | None = None
    reason: str | None = None


NO_TRACE = Trace()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent(Trace):
    """An event that the database has not numbered yet. Without an instance both ids are None.

    `token_id` is the token of the request that caused it.
    """

    id: str
    organization_id: str
    instance_id: str | None
    instance_slug: str | None
    name: str
    type: str
    payload: dict[str, Any]
    occurred_at: int
    token_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointWants:
    """A webhook endpoint and the event types that it wants."""

    id: str
    event_types: list[str]


_ENDPOINTS = RowQuery(
    EndpointWants,
    select(webhook_endpoint.c.id, webhook_endpoint.c.event_types).where(
        webhook_endpoint.c.organization_id == bindparam("organization"),
        webhook_endpoint.c.paused_at.is_(None),
    ),
)
_ADD = insert(event)


def add_event(connection: Connection, row: NewEvent) -> int:
    """Store an event. Returns its place in the order."""
    key = connection.execute(_ADD, values_of(row)).inserted_primary_key
    if key is None:
        raise RuntimeError("the database did not return which event it stored")
    return int(key[0])


def add_events(connection: Connection, rows: Sequence[NewEvent]) -> None:
    """Store events in their order."""
    if rows:
        connection.execute(_ADD, [values_of(row) for row in rows])


def endpoints_of(connection: Connection, organization_id: str) -> list[EndpointWants]:
    """The organization's webhook endpoints that are not paused, each with its event types."""
    return _ENDPOINTS.all(connection, organization=organization_id)


def last_time(connection: Connection) -> int:
    """When the newest event happened; 0 if there is none."""
    newest = select(event.c.occurred_at).order_by(event.c.seq.desc()).limit(1)
    return connection.execute(newest).scalar() or 0


def forget_events(
    connection: Connection, before_ms: int, limit: int, *, types: Sequence[str]
) -> int:
    """Delete at most this many events of these types before a time. Returns how many.

    Those that are still delivered, or whose delivery is still shown, stay.
    """
    is_delivered = exists().where(webhook_delivery.c.event_seq == event.c.seq)
    old = (
        select(event.c.seq)
        # By organization, since the index on times begins with it.
        .where(event.c.organization_id.in_(select(organization.c.id)))
        .where(event.c.occurred_at < before_ms, event.c.type.in_(types), ~is_delivered)
        .limit(limit)
    )
    return connection.execute(delete(event).where(event.c.seq.in_(old))).rowcount
