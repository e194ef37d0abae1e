"""Webhook endpoints and the deliveries that are due at them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import event, webhook_delivery, webhook_endpoint

_LIST = newest_first(
    select(webhook_endpoint).where(webhook_endpoint.c.organisation_id == bindparam("organisation")),
    webhook_endpoint,
)
_SHOWN: Select[Any] = (
    select(
        webhook_delivery,
        event.c.name.label("event_name"),
        event.c.type.label("event_type"),
        webhook_endpoint.c.url.label("endpoint_url"),
    )
    .join(event, event.c.seq == webhook_delivery.c.event_seq)
    .join(webhook_endpoint, webhook_endpoint.c.id == webhook_delivery.c.endpoint_id)
    .where(webhook_delivery.c.organisation_id == bindparam("organisation"))
)
_IS_DUE = (webhook_delivery.c.status == "pending") & (webhook_delivery.c.due_at <= bindparam("now"))
_DUE_ENDPOINTS = (
    select(webhook_delivery.c.endpoint_id)
    .join(webhook_endpoint, webhook_endpoint.c.id == webhook_delivery.c.endpoint_id)
    .where(_IS_DUE, webhook_endpoint.c.leased_until <= bindparam("now"))
    .group_by(webhook_delivery.c.endpoint_id)
    .order_by(func.min(webhook_delivery.c.due_at), webhook_delivery.c.endpoint_id)
    .limit(bindparam("top"))
)
_NEXT: Select[Any] = (
    select(
        webhook_delivery.c.id,
        webhook_delivery.c.attempts,
        webhook_endpoint.c.url,
        webhook_endpoint.c.secret,
        event.c.name,
        event.c.type,
        event.c.payload,
    )
    .join(webhook_endpoint, webhook_endpoint.c.id == webhook_delivery.c.endpoint_id)
    .join(event, event.c.seq == webhook_delivery.c.event_seq)
    .where(_IS_DUE, webhook_delivery.c.endpoint_id == bindparam("endpoint"))
    .order_by(webhook_delivery.c.event_seq)
    .limit(1)
)


def list_endpoints(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of endpoints, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_endpoint(
    connection: Connection, organisation_id: str, endpoint_id: str
) -> Row[Any] | None:
    """An endpoint by its id."""
    statement = select(webhook_endpoint).where(
        webhook_endpoint.c.organisation_id == organisation_id,
        webhook_endpoint.c.id == endpoint_id,
    )
    return connection.execute(statement).first()


def count_endpoints(connection: Connection, organisation_id: str) -> int:
    """How many endpoints an organisation has."""
    statement = select(func.count()).where(webhook_endpoint.c.organisation_id == organisation_id)
    return connection.execute(statement).scalar_one()


def add_endpoint(connection: Connection, **values: object) -> None:
    """Store an endpoint."""
    connection.execute(insert(webhook_endpoint).values(leased_until=0, **values))


def change_endpoint(connection: Connection, endpoint_id: str, **values: object) -> None:
    """Overwrite columns of an endpoint."""
    connection.execute(
        update(webhook_endpoint).where(webhook_endpoint.c.id == endpoint_id).values(**values)
    )


def remove_endpoint(connection: Connection, endpoint_id: str) -> None:
    """Delete an endpoint and everything that is or was due at it."""
    connection.execute(delete(webhook_endpoint).where(webhook_endpoint.c.id == endpoint_id))


def list_deliveries(
    connection: Connection,
    organisation_id: str,
    position: Position | None,
    limit: int,
    *,
    endpoint_id: str | None,
    status: str | None,
) -> Page:
    """One page of deliveries, newest first, of all endpoints or of one."""
    statement = _SHOWN
    if endpoint_id is not None:
        statement = statement.where(webhook_delivery.c.endpoint_id == endpoint_id)
    if status is not None:
        statement = statement.where(webhook_delivery.c.status == status)
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    found = connection.execute(newest_first(statement, webhook_delivery), parameters)
    return page_of(found.all(), limit)


def find_delivery(
    connection: Connection, organisation_id: str, delivery_id: str
) -> Row[Any] | None:
    """A delivery by its id."""
    statement = select(webhook_delivery).where(
        webhook_delivery.c.organisation_id == organisation_id,
        webhook_delivery.c.id == delivery_id,
    )
    return connection.execute(statement).first()


def payloads_of(connection: Connection, event_seqs: Collection[int]) -> dict[int, Any]:
    """What these events say, by their place in the order."""
    statement = select(event.c.seq, event.c.payload).where(event.c.seq.in_(event_seqs))
    return {row.seq: row.payload for row in connection.execute(statement)}


def clear_leases(connection: Connection) -> None:
    """Forget who was delivering: for a start, when nobody is."""
    connection.execute(update(webhook_endpoint).values(leased_until=0))


def due_endpoints(connection: Connection, now_ms: int, limit: int) -> list[str]:
    """Endpoints that something is due at and nobody delivers to, the longest waiting first."""
    return list(connection.execute(_DUE_ENDPOINTS, {"now": now_ms, "top": limit}).scalars())


def lease(connection: Connection, endpoint_id: str, now_ms: int, until_ms: int) -> bool:
    """Take an endpoint for oneself until then. False where somebody else has it."""
    statement = (
        update(webhook_endpoint)
        .where(webhook_endpoint.c.id == endpoint_id, webhook_endpoint.c.leased_until <= now_ms)
        .values(leased_until=until_ms)
    )
    return connection.execute(statement).rowcount == 1


def extend_lease(connection: Connection, endpoint_id: str, until_ms: int) -> None:
    """Keep an endpoint, or give it back with a time that is over."""
    change_endpoint(connection, endpoint_id, leased_until=until_ms)


def next_delivery(connection: Connection, endpoint_id: str, now_ms: int) -> Row[Any] | None:
    """The first delivery in the events' order that is due at an endpoint."""
    return connection.execute(_NEXT, {"endpoint": endpoint_id, "now": now_ms}).first()


def change_delivery(connection: Connection, delivery_id: str, **values: object) -> None:
    """Overwrite columns of a delivery; nothing happens where it is gone."""
    connection.execute(
        update(webhook_delivery).where(webhook_delivery.c.id == delivery_id).values(**values)
    )


def next_due(connection: Connection) -> int | None:
    """When the next delivery is due; None where none is."""
    statement = select(func.min(webhook_delivery.c.due_at)).where(
        webhook_delivery.c.status == "pending"
    )
    due: int | None = connection.execute(statement).scalar_one()
    return due


def forget_deliveries(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete finished deliveries that are older. Gives how many."""
    old = (
        select(webhook_delivery.c.id)
        .where(webhook_delivery.c.status != "pending", webhook_delivery.c.created_at < before_ms)
        .limit(limit)
    )
    statement = delete(webhook_delivery).where(webhook_delivery.c.id.in_(old))
    return connection.execute(statement).rowcount
