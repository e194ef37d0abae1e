"""The database and its transactions.

One transaction per request. On SQLite a writer takes the write lock when it begins: two
transactions that read first and want to write later would otherwise deadlock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from kaiten_sync.server.settings import ServerStartError

_CONNECTIONS = 40
"""As many as the web toolkit has worker threads, so that no request waits for a connection."""

_BUSY_TIMEOUT_MS = 5_000
"""How long SQLite waits for another writer before the request is answered with 503."""

_WRITES = "kaiten_writes"


class Database:
    """Hands out transactions. `close` ends all connections."""

    def __init__(self, engine: Engine, turn: AbstractContextManager[Any]) -> None:
        self.engine = engine
        self._turn = turn

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads and sees one moment."""
        with self._turn, self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; undone when the body raises."""
        with self._turn, self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    def is_ready(self) -> bool:
        """Whether the database answers."""
        with self.reading() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)

    def close(self) -> None:
        """End all connections."""
        self.engine.dispose()


def open_engine(url: str) -> Database:
    """The database behind an SQLAlchemy URL, untouched so far.

    Raises:
        ServerStartError: the URL is none, or names a database that this server cannot use.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ServerStartError(
            "the database URL cannot be read", hint="write it like sqlite:///kaiten.db"
        ) from error
    if parsed.get_backend_name() != "sqlite":
        raise ServerStartError(
            f"databases of type {parsed.get_backend_name()} are not supported yet",
            hint="use sqlite:///path/to/file.db",
        )
    in_memory = parsed.database in (None, "", ":memory:")
    engine = _memory_engine() if in_memory else _file_engine(url)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    # A database in memory is one connection, so its transactions take turns.
    return Database(engine, threading.RLock() if in_memory else nullcontext())


def _memory_engine() -> Engine:
    return create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )


def _file_engine(url: str) -> Engine:
    return create_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": _BUSY_TIMEOUT_MS / 1000},
    )


def _prepare(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin` decides how they begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL this loses no committed data in a crash of the program, only in one of the machine.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
