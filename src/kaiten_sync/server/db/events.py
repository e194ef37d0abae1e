"""Events: what happened, in the order in which it was written down."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select

from kaiten_sync.server.db.tables import event, webhook_delivery, webhook_endpoint

_ENDPOINTS = select(webhook_endpoint.c.id, webhook_endpoint.c.event_types).where(
    webhook_endpoint.c.organisation_id == bindparam("organisation")
)
_ADD = insert(event)


def add_event(connection: Connection, **values: object) -> int:
    """Store an event. Gives its place in the order."""
    key = connection.execute(_ADD, values).inserted_primary_key
    if key is None:
        raise RuntimeError("the database did not say which event it stored")
    return int(key[0])


def endpoints_of(connection: Connection, organisation_id: str) -> list[Row[Any]]:
    """The organisation's webhook endpoints with the event types that each wants."""
    return list(connection.execute(_ENDPOINTS, {"organisation": organisation_id}))


def add_delivery(connection: Connection, **values: object) -> None:
    """Store that an event is due at an endpoint."""
    connection.execute(insert(webhook_delivery).values(**values))
