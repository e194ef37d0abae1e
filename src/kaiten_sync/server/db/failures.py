"""What a failure of the database means for the request that met it."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

BUSY = "the database is busy; try again"
"""Why a request is not answered, if that passes by itself. The others need somebody's hand."""

FULL = "the disk of the database is full, and nothing was stored"
READ_ONLY = "the database can only be read, and nothing was stored"
DENIED = "the database does not give its user the rights for this, and nothing was stored"
_NO_FILES = "the database cannot use its files"
MOVED = "the file of the database was deleted or replaced; put it back, or restart the server"
_PUT_AGAIN = (
    "stop the server, put a whole copy in its place, without -wal and -shm files, and start it"
)
OVERWRITTEN = f"the file of the database was overwritten while the server used it; {_PUT_AGAIN}"
DAMAGED = f"the file of the database is damaged; {_PUT_AGAIN}"

READ_ONLY_STATE = "25006"
"""PostgreSQL's code of a database that can only be read, such as a replica."""

_OF_POSTGRESQL = {
    "53300": BUSY,  # too many connections
    "55P03": BUSY,  # a lock that did not come in time
    "57014": BUSY,  # a statement that took too long
    "57P01": BUSY,  # the database is shut down
    "57P02": BUSY,  # the database restarts after a crash
    "57P03": BUSY,  # the database starts
    "25P03": BUSY,  # a transaction that was silent for too long
    "53200": BUSY,  # no memory
    "53100": FULL,
    READ_ONLY_STATE: READ_ONLY,
    "42501": DENIED,
    "58030": _NO_FILES,
}
_CONNECTION_CLASS = "08"
_REPEATABLE = {"40001": "a snapshot that others have changed", "40P01": "a deadlock"}
"""Codes of PostgreSQL. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_NOMEM: BUSY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: _NO_FILES,
    sqlite3.SQLITE_CANTOPEN: _NO_FILES,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
_PRIMARY = 0xFF
"""The bits of an extended code of SQLite that are the code. Source: https://sqlite.org/rescode.html"""


class FileMovedError(SQLAlchemyError):
    """The file of the database is not where it was opened."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(f"{path} is not the file that was opened")


class FileOverwrittenError(SQLAlchemyError):
    """Another file was copied over that of the database."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} has the content of another file")


def why_unavailable(error: SQLAlchemyError) -> str | None:
    """Why the database does not do now what it may do later: answer it with 503. None for a fault.

    A lock, a connection or an answer did not come in time, the connection is gone, or the database
    can store nothing at present. All raise DBAPIError, but for a file that was moved or
    overwritten, and for waiting for a free connection of our own: sqlalchemy.exc.TimeoutError.
    """
    if isinstance(error, PoolTimeoutError):
        return BUSY
    if isinstance(error, FileMovedError):
        return MOVED
    if isinstance(error, FileOverwrittenError):
        return OVERWRITTEN
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _OF_SQLITE.get(getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY)
    state = _state(error)
    if state is None:  # from the driver, which does not reach the database
        is_lost = error.connection_invalidated or type(error.orig).__name__ == "OperationalError"
        return BUSY if is_lost else None
    return BUSY if state.startswith(_CONNECTION_CLASS) else _OF_POSTGRESQL.get(state)


def may_be_stored(error: SQLAlchemyError) -> bool:
    """Whether a transaction whose commit failed so may be stored nevertheless.

    The commit may have arrived, and only its answer was lost.
    """
    return why_unavailable(error) in (BUSY, _NO_FILES)


def log_failure(log: logging.Logger, what: str, error: Exception) -> None:
    """Log what could not be done, and why: in a line, unless it is a fault of ours.

    While the database is away this is logged each time somebody needs it.
    """
    if not isinstance(error, SQLAlchemyError) or why_unavailable(error) is None:
        log.error(what, exc_info=error)
    else:
        log.error("%s: %s", what, one_line(getattr(error, "orig", None) or error))


def one_line(error: BaseException) -> str:
    """The text of an error of the driver, which may have several lines."""
    return "; ".join(filter(None, (line.strip() for line in str(error).splitlines())))


def is_worth_repeating(error: SQLAlchemyError) -> bool:
    """Whether the transaction, repeated from its beginning at once, may well succeed.

    PostgreSQL has chosen it as the one to end of several that could not all go on.
    """
    return isinstance(error, DBAPIError) and _state(error) in _REPEATABLE


def _state(error: DBAPIError) -> str | None:
    cause: Any = error.orig
    state: str | None = getattr(cause, "sqlstate", None)
    return state
