"""What a failure of the database means for the request that met it."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_BUSY = {
    "53300": "too many connections",
    "55P03": "a lock that did not come in time",
    "57014": "a statement that took too long",
    "57P01": "the database is shut down",
    "57P02": "the database restarts after a crash",
    "57P03": "the database starts",
    "25P03": "a transaction that was silent for too long",
}
_CONNECTION_CLASS = "08"
_REPEATABLE = {"40001": "a snapshot that others have changed", "40P01": "a deadlock"}
"""Codes of PostgreSQL. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def is_busy(error: SQLAlchemyError) -> bool:
    """Whether the same request may well succeed a little later: answer it with 503.

    A lock, a connection or an answer did not come in time, or the connection is gone. All raise
    DBAPIError, but for waiting for a free connection of our own: sqlalchemy.exc.TimeoutError.
    """
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return "database is locked" in str(error.orig)
    state = _state(error)
    if state is None:  # from the driver, which does not reach the database
        return error.connection_invalidated or type(error.orig).__name__ == "OperationalError"
    return state in _BUSY or state.startswith(_CONNECTION_CLASS)


def is_worth_repeating(error: SQLAlchemyError) -> bool:
    """Whether the transaction, repeated from its beginning at once, may well succeed.

    PostgreSQL has chosen it as the one to end of several that could not all go on.
    """
    return isinstance(error, DBAPIError) and _state(error) in _REPEATABLE


def _state(error: DBAPIError) -> str | None:
    cause: Any = error.orig
    state: str | None = getattr(cause, "sqlstate", None)
    return state
