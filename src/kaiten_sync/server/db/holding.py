"""Keeps a second server away from an SQLite file: both would deliver the same events.

A server locks an empty file beside its database for as long as it has it open. The lock is one of
SQLite's own, so the system ends it together with a process that dies: nothing is left to clean up.
The database itself is not locked, and other programs may read it or make a backup.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

from kaiten_sync.server.db.files import create_private
from kaiten_sync.server.settings import ServerStartError

log = logging.getLogger(__name__)

LOCK_ENDING = "-server"
"""What the name of the locked file ends in, after that of the database."""

_LOOK_S = 0.05
"""Between two looks whether the other server has stopped. Not SQLite's own wait, which no signal
interrupts."""


class DatabaseInUseError(ServerStartError):
    """Another server uses the database."""


def hold(file: Path, wait_s: float = 0) -> AbstractContextManager[Any]:
    """The lock of a database's file, which ends with the block, or with this process.

    If none can be made there, that is logged, and the block holds nothing.

    Raises:
        DatabaseInUseError: another server has it, and still had it after `wait_s`.
    """
    lock = Path(f"{file.resolve()}{LOCK_ENDING}")  # the same one whatever links lead to the file
    create_private(lock)
    until_s = time.monotonic() + wait_s
    while True:
        try:
            return closing(_locked(lock))
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                log.warning("cannot keep a second server away from %s: %s", file, error)
                return nullcontext()
            if time.monotonic() >= until_s:
                raise DatabaseInUseError(
                    f"another server uses the database {file}",
                    hint="stop it, or start with another --database; PostgreSQL can be shared",
                ) from error
        time.sleep(_LOOK_S)


def _locked(lock: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(lock, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=MEMORY")  # or a third file lay beside the others
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
