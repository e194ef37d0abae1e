"""Brings a database to the schema of this program, and refuses one that is not ours or ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.failures import (
    BUSY,
    DAMAGED,
    DENIED,
    FULL,
    READ_ONLY,
    one_line,
    why_unavailable,
)
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.ownership import OUR_REVISION
from kaiten_sync.server.db.tables import metadata
from kaiten_sync.server.settings import ServerStartError

_SCRIPTS = Path(__file__).parent / "migrations"

_REVISIONS = sorted(path.name[1:5] for path in (_SCRIPTS / "versions").glob("v[0-9]*_*.py"))
"""The schemas that this program knows, oldest first. From the names of the files, since loading all
of them takes longer than the rest of a start."""

_TURN_MS = 60_000
"""How long a start waits for another one that migrates the same database."""

_ELSEWHERE = "start with another --database, which may be empty"

_HINTS_BY_CAUSE = {
    ("sqlite", DAMAGED): "check that the file is a kaiten-sync database; if it is damaged, restore"
    " a backup, without -wal and -shm files beside it",
    ("sqlite", FULL): "make room on its disk, and start again",
    ("sqlite", BUSY): "stop the program that uses it, and start again",
    ("sqlite", READ_ONLY): "make the file and its folder writable for the server's user",
    ("postgresql", FULL): "make room on the disk of PostgreSQL, and start again",
    ("postgresql", DENIED): "make the user of the URL the owner of the database and of its tables,"
    " or grant it USAGE and CREATE on the schema",
    ("postgresql", READ_ONLY): "use the URL of the server that takes writes, not of a replica",
}
_HINTS = {
    "sqlite": "check the path, its permissions and the room on its disk, and that the file is a"
    " kaiten-sync database",
    "postgresql": "check that PostgreSQL runs, and the host, port, database and user of the URL",
}


def migrate(database: Database, *, before: Callable[[], None] = lambda: None) -> None:
    """Run the migrations that are missing, all or none. Several programs may do so at once.

    `before` is called once the database is known to be ours, and before it is changed.

    Raises:
        ServerStartError: the database cannot be reached, is newer than this program, is another
            program's, or lacks a table or a column of its version.
    """
    try:
        with database.migrating() as connection:
            if database.is_postgresql:
                encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
                if encoding != "UTF8":
                    raise ServerStartError(
                        f"the database cannot store all characters: its encoding is {encoding}",
                        hint="create it with ENCODING 'UTF8' TEMPLATE template0",
                    )
                # A migration waits for requests that older programs still answer, and may rewrite
                # tables.
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_TURN_MS}")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            take_turn(connection, "migrate")
            revisions = MigrationContext.configure(connection).get_current_heads()
            if not revisions:
                _check_empty(connection)
            for revision in revisions:
                _check_known(revision)
            before()
            if revisions != (_REVISIONS[-1],):
                command.upgrade(alembic_config(connection), "head")
            _check_schema(connection)
    except DBAPIError as error:
        raise _unusable(database, error) from error


@contextmanager
def unless_unusable(database: Database) -> Iterator[None]:
    """What a start does with a database after it was migrated.

    Raises:
        ServerStartError: the database can store nothing at present.
    """
    try:
        yield
    except DBAPIError as error:
        if why_unavailable(error) is None:
            raise
        raise _unusable(database, error) from error


def alembic_config(connection: Connection) -> Config:
    """The configuration of Alembic's commands on this connection."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _unusable(database: Database, error: DBAPIError) -> ServerStartError:
    dialect = database.engine.dialect.name
    return ServerStartError(
        f"the database cannot be opened or brought up to date: {one_line(error.orig or error)}",
        hint=_HINTS_BY_CAUSE.get((dialect, why_unavailable(error) or ""), _HINTS[dialect]),
    )


def _check_known(revision: str) -> None:
    if not OUR_REVISION.fullmatch(revision):
        raise ServerStartError(
            f"the database belongs to another program, whose schema is {revision}",
            hint=_ELSEWHERE,
        )
    if revision not in _REVISIONS:
        raise ServerStartError(
            f"the database has schema {revision}, which is newer than this program",
            hint="update kaiten-sync, or start with another --database",
        )


def _check_empty(connection: Connection) -> None:
    inspector = inspect(connection)
    present = {*inspector.get_table_names(), *inspector.get_view_names()}
    foreign = sorted(present & metadata.tables.keys())
    if foreign:
        raise ServerStartError(
            f"the database has tables of another program: {', '.join(foreign)}", hint=_ELSEWHERE
        )


def _check_schema(connection: Connection) -> None:
    """Refuse a database that lacks what its version should have, before a request needs it."""
    inspector = inspect(connection)
    found = {
        table: {column["name"] for column in columns}
        for (_, table), columns in inspector.get_multi_columns().items()
    }
    missing = []
    for table in metadata.sorted_tables:
        if table.name not in found:
            missing.append(f"table {table.name}")
            continue
        absent = [each.name for each in table.c if each.name not in found[table.name]]
        missing += [f"column {table.name}.{column}" for column in absent]
    if missing:
        raise ServerStartError(
            f"the database does not fit its schema version; missing: {', '.join(missing)}",
            hint="restore a backup, or start with another --database",
        )
