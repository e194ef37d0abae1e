"""The database of a server that delivers events, opened without its HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db.engine import Database

TOKEN = "ksh_of-the-tests-of-deliveries"


@contextmanager
def opened(database_url: str) -> Iterator[Database]:
    """The database as a server with this token prepares it, until it is closed."""
    prepared = prepare(ServerSettings(database_url=database_url, bootstrap_token=TOKEN))
    yield prepared.database
    prepared.database.close()
