"""What the embedded server wrote down as events, read from its database behind its back."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from sqlalchemy import select
from tests.support.embedded import EmbeddedServer

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.tables import event
from kaiten_sync.server.service.tenancy import authenticate


class Event(NamedTuple):
    """One stored event, as its webhook carries it."""

    name: str
    type: str
    payload: dict[str, Any]


def events_of(server: EmbeddedServer, token: str) -> list[Event]:
    """All events of the organization that the token opens, in the order in which they came."""
    database = open_engine(server.database_url)
    try:
        with database.reading() as connection:
            now_ms = time.time_ns() // 1_000_000
            caller = authenticate(connection, f"Bearer {token}", "read:licenses", now_ms)
            found = connection.execute(
                select(event.c.name, event.c.type, event.c.payload)
                .where(event.c.organization_id == caller.organization_id)
                .order_by(event.c.seq)
            )
            return [Event(*row) for row in found]
    finally:
        database.close()
