"""The database and its transactions.

One transaction per request. On SQLite a writer takes the write lock when it begins: two
transactions that read first and want to write later would otherwise deadlock. On PostgreSQL
writers run side by side and lock what they change; a reader sees one moment.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from kaiten_sync.server.db.failures import (
    READ_ONLY_STATE,
    FileMovedError,
    FileOverwrittenError,
)
from kaiten_sync.server.db.files import DatabaseFile, create_private, keep_private, path_of
from kaiten_sync.server.db.holding import hold
from kaiten_sync.server.db.ownership import is_of_another_program
from kaiten_sync.server.db.stamps import Stamp
from kaiten_sync.server.settings import ServerStartError

POSTGRESQL_CONNECTIONS = 10
"""Pool size per process. PostgreSQL allows 100 connections by default, and a Python process keeps
only a few busy; a request that waits too long for one is answered with 503."""

_SQLITE_CONNECTIONS = 40
"""As many as the web toolkit has worker threads, so that no request waits for a connection."""

_WAIT_MS = 5_000
"""How long a request waits for a lock, or for a connection, before it is answered with 503."""

_STATEMENT_MS = 30_000
"""How long one statement may run on PostgreSQL. All of ours use an index."""

_IDLE_MS = 60_000
"""After this PostgreSQL ends an idle transaction: the machine of its program is gone."""

_CONNECT_S = 5
"""Seconds that connecting to PostgreSQL may take: one that is down is reported."""

_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds and a number: a database machine that vanished is noticed within a minute, not hours."""

_POSTGRESQL_NAMES = ("postgresql", "postgres", "postgresql+psycopg")
_SQLITE_NAMES = ("sqlite", "sqlite+pysqlite")

_SQLITE_OPTIONS = frozenset(
    {"cached_statements", "check_same_thread", "detect_types", "isolation_level", "timeout"}
)
"""What a URL of a SQLite file may ask for. All else belongs into a URI: SQLite would ignore it, or
take it for a part of the file's name."""

_URL_HINT = (
    "write it like sqlite:///kaiten.db or postgresql://user:password@host:5432/database,"
    " with special characters as %40"
)

_READING_POSTGRESQL: Mapping[str, Any] = {
    "isolation_level": "REPEATABLE READ",
    "postgresql_readonly": True,
}


_to_json = partial(json.dumps, allow_nan=False)
"""What columns of JSON are written with. By default NaN would be written, which is not JSON: SQLite
would store it, and whoever reads it could not read it."""


def _from_json(stored: str | bytes) -> Any:
    """What columns of JSON are read with: in C, unless an early version has stored a NaN there."""
    try:
        return msgspec.json.decode(stored)
    except msgspec.DecodeError:
        return json.loads(stored)


class Database:
    """Opens transactions. `close` ends all connections."""

    def __init__(
        self,
        engine: Engine,
        *,
        turn: AbstractContextManager[Any] | None = None,
        reading: Mapping[str, Any] | None = None,
        file: DatabaseFile | None = None,
    ) -> None:
        self.engine = engine
        self._turn = turn or nullcontext()
        self._reading = reading or {}
        self._file = file
        self._stamp = Stamp(file.path) if file is not None and file.path is not None else None
        self._held = ExitStack()

    @property
    def is_postgresql(self) -> bool:
        """Whether several processes may share it, and several transactions write at once."""
        return self.engine.dialect.name == "postgresql"

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads and sees one moment."""
        return self._transaction(self._reading, writes=False)

    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction that writes; undone when the body raises.

        On PostgreSQL each statement sees what others have committed until then.
        """
        return self._transaction({}, writes=True)

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A transaction that may rebuild tables; undone when the body raises.

        SQLite would delete or refuse whatever points at a table that is dropped to be made again.
        """
        with self._turn, self.engine.connect() as plain:
            # On the driver's connection, since this has no effect inside a transaction.
            driver: Any = plain.connection.driver_connection
            if not self.is_postgresql:
                driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with plain.begin():
                    if not self.is_postgresql:
                        _begin_sqlite(plain, writes=True)
                    yield plain
            finally:
                # Whatever stops a statement from outside, such as Ctrl-C, closes the connection.
                if not (self.is_postgresql or plain.invalidated):
                    driver.execute("PRAGMA foreign_keys=ON")

    @property
    def shown(self) -> str:
        """Where the database is, without a password: options may hold one too."""
        url = self.engine.url.set(drivername=self.engine.dialect.name, query={})
        return url.render_as_string(hide_password=True)

    def is_ready(self) -> bool:
        """Whether the database answers."""
        with self.reading() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)

    def hold(self, wait_s: float = 0) -> None:
        """Keep a second server away from a file of SQLite, until `close`.

        Raises:
            DatabaseInUseError: another server has it, and still had it after `wait_s`.
        """
        if self._file is not None and self._file.path is not None:
            self._held.enter_context(hold(self._file.path, wait_s))

    def stamp(self) -> None:
        """From now on, notice if another file is copied over a file of SQLite."""
        if self._stamp is not None:
            with self.engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA user_version={self._stamp.renew()}")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()

    def close(self) -> None:
        """End all connections."""
        self.engine.dispose()
        self._held.close()

    @contextmanager
    def _transaction(self, options: Mapping[str, Any], *, writes: bool) -> Iterator[Connection]:
        if self._file is not None and self._file.is_moved:
            raise FileMovedError(self._file.path)
        if self._stamp is not None and self._stamp.is_lost:
            raise FileOverwrittenError(self._stamp.path)
        with self._turn, self.engine.connect() as connection:
            if options:
                connection.execution_options(**options)
            with connection.begin():
                if not self.is_postgresql:
                    _begin_sqlite(connection, writes=writes)
                yield connection


def open_engine(url: str) -> Database:
    """The database behind a URL, untouched so far: a file, one in memory, or PostgreSQL.

    Raises:
        ServerStartError: this is not a URL, or it names a database that this server cannot use. The
            message never repeats the URL, which may hold a password.
    """
    try:
        url.encode()  # a byte of the command line that is not UTF-8 cannot be
        parsed = make_url(url)
        if "\0" in (parsed.database or ""):
            raise ValueError("no path has a NUL")
    except (ArgumentError, ValueError) as error:
        raise ServerStartError("the database URL cannot be read", hint=_URL_HINT) from error
    if parsed.drivername in _POSTGRESQL_NAMES:
        return _postgresql(parsed)
    if parsed.drivername in _SQLITE_NAMES:
        return _sqlite(parsed)
    raise ServerStartError(
        f"databases of type {parsed.drivername} are not supported", hint=_URL_HINT
    )


def _postgresql(url: URL) -> Database:
    if "@" in (url.host or ""):  # the rest of a password, which an error would show
        raise ServerStartError("the database URL cannot be read", hint=_URL_HINT)
    ours = {"connect_timeout": _CONNECT_S, **_KEEPALIVE, "fallback_application_name": "kaiten-sync"}
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=POSTGRESQL_CONNECTIONS,
            max_overflow=0,
            pool_timeout=_WAIT_MS / 1000,
            # A database that was restarted, or a proxy before it, closes idle connections without
            # a word.
            pool_pre_ping=True,
            # They are what customers sent: an error in a log must not repeat them.
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            json_serializer=_to_json,
            json_deserializer=_from_json,
            connect_args={name: ours[name] for name in ours.keys() - url.query.keys()},
        )
    except ImportError as error:
        raise ServerStartError(
            f"PostgreSQL's driver cannot be loaded: {error}",
            hint="install it again, from where you got it, with the extra `[server]`",
        ) from error
    event.listen(engine, "connect", _prepare_postgresql)
    event.listen(engine, "handle_error", _hide_values)
    event.listen(engine, "handle_error", _leave_read_only)
    return Database(engine, reading=_READING_POSTGRESQL)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    settings = {
        "lock_timeout": _WAIT_MS,
        "statement_timeout": _STATEMENT_MS,
        "idle_in_transaction_session_timeout": _IDLE_MS,
        # Compiling a statement took seconds for lists that are read in tenths of one.
        "jit": "off",
        # What goes in comes out, whatever is set for the database, the user or the environment.
        "client_encoding": "UTF8",
        "extra_float_digits": 3,
        "standard_conforming_strings": "on",
    }
    connection.autocommit = True
    connection.execute("; ".join(f"SET {name} = {value}" for name, value in settings.items()))
    connection.autocommit = False


def _hide_values(context: ExceptionContext) -> None:
    """Leave only the first line of an error: PostgreSQL's details repeat the row that failed."""
    original: Any = context.original_exception
    primary = getattr(getattr(original, "diag", None), "message_primary", None)
    if primary is not None:
        original.args = (primary,)
        if context.sqlalchemy_exception is not None:
            kind = type(original)
            text = f"({kind.__module__}.{kind.__qualname__}) {primary}"
            context.sqlalchemy_exception.args = (text,)


def _leave_read_only(context: ExceptionContext) -> None:
    """Connect again before the next write: another server may have taken this one's place."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY_STATE:
        context.is_disconnect = True


def _sqlite(url: URL) -> Database:
    _check_sqlite(url)
    in_memory = url.database in (None, "", ":memory:")
    file = DatabaseFile(path_of(url))
    if in_memory:
        engine = create_engine(
            "sqlite://",
            poolclass=StaticPool,
            hide_parameters=True,
            json_serializer=_to_json,
            json_deserializer=_from_json,
            connect_args={"check_same_thread": False},
        )
    else:
        engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=_SQLITE_CONNECTIONS,
            max_overflow=0,
            json_serializer=_to_json,
            json_deserializer=_from_json,
            connect_args={"check_same_thread": False, "timeout": _WAIT_MS / 1000},
        )
        # Before SQLite creates the file, with rights for others.
        event.listen(engine, "do_connect", lambda *_: create_private(file.path))
    event.listen(engine, "connect", lambda connection, _: _prepare_sqlite(connection, file))
    # A database in memory is one connection, so its transactions take turns.
    return Database(engine, turn=threading.RLock() if in_memory else None, file=file)


def _check_sqlite(url: URL) -> None:
    unknown = sorted(url.query.keys() - _SQLITE_OPTIONS)
    if unknown and not (url.database or "").startswith("file:"):
        raise ServerStartError(
            f"the database URL has options that SQLite does not know: {', '.join(unknown)}",
            hint="leave them out, or write a URI: sqlite:///file:kaiten.db?OPTION=VALUE&uri=true",
        )
    try:
        SQLiteDialect_pysqlite().create_connect_args(url)
    except (ArgumentError, ValueError) as error:  # a host, or an option of another type
        raise ServerStartError("the database URL cannot be read", hint=_URL_HINT) from error


def _prepare_sqlite(connection: Any, file: DatabaseFile) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` decides how they begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
    # SQLite reads the file here: what is not a database, or another program's, stays as it is.
    if not is_of_another_program(cursor):
        keep_private(file.path)
        cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL this loses no committed data in a crash of the program, only in one of the machine.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    # Whoever shortens a file that is read in place, as copying another one over it does, ends the
    # process by a signal.
    cursor.execute("PRAGMA mmap_size=0")
    cursor.close()
    file.note()


def _begin_sqlite(connection: Connection, *, writes: bool) -> None:
    # Not by an event of the engine: if it has any, each statement takes a fifth longer.
    if writes:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # By the driver, in a tenth of the time: this takes no lock, so it cannot fail.
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")
