"""Attempts of deliveries: what was sent, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from kaiten_sync.server.db.rows import RowQuery, insert_row
from kaiten_sync.server.db.tables import webhook_attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt to deliver an event to a URL.

    `response_status` is None if nothing was answered, and `response_text` says why.
    `response_body` is the beginning of the answer.
    """

    delivery_id: str
    attempted_at: int
    url: str
    headers: dict[str, str]
    response_status: int | None
    response_text: str
    response_body: str
    duration_ms: int


_columns = (each for each in webhook_attempt.c if each.name != "id")
_OF_DELIVERY = RowQuery(
    AttemptRow,
    select(*_columns)
    .where(webhook_attempt.c.delivery_id == bindparam("delivery"))
    .order_by(webhook_attempt.c.id.desc())
    .limit(bindparam("top")),
)


def add_attempt(connection: Connection, row: AttemptRow) -> None:
    """Store an attempt of a delivery, which the transaction has locked."""
    insert_row(connection, webhook_attempt, row)


def newest_attempts(connection: Connection, delivery_id: str, limit: int) -> list[AttemptRow]:
    """At most this many attempts of a delivery, newest first."""
    return _OF_DELIVERY.all(connection, delivery=delivery_id, top=limit)
