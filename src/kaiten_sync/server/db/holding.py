"""Keeps a second server away from an SQLite file: both would deliver the same events.

A server locks an empty file beside its database for as long as it has it open. The lock is one of
SQLite's own, so the system ends it together with a process that dies: nothing is left to clean up.
The database itself is not locked, and other programs may read it or make a backup.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

from kaiten_sync.server.db.files import create_private
from kaiten_sync.server.settings import ServerStartError

log = logging.getLogger(__name__)

LOCK_ENDING = "-server"
"""What the name of the locked file ends in, after that of the database."""


def hold(file: Path) -> AbstractContextManager[Any]:
    """The lock of a database's file, which ends with the block, or with this process.

    If none can be made there, that is logged, and the block holds nothing.

    Raises:
        ServerStartError: another server has it.
    """
    lock = Path(f"{file.resolve()}{LOCK_ENDING}")  # the same one whatever links lead to the file
    create_private(lock)
    try:
        return closing(_locked(lock))
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise ServerStartError(
                f"another server uses the database {file}",
                hint="stop it, or start with another --database; PostgreSQL can be shared",
            ) from error
        log.warning("cannot keep a second server away from %s: %s: %s", file, lock.name, error)
        return nullcontext()


def _locked(lock: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(lock, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=MEMORY")  # or a third file lay beside the others
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
