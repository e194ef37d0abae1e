"""When tokens were last used: written down beside the requests, so that none waits for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError

from kaiten_sync.server.db import Database, identity, log_failure

log = logging.getLogger(__name__)

_EVERY_MS = 60_000
"""How exact the time is. A write for each request would double what reading costs."""

_MOST_NOTED = 10_000
"""Tokens whose last write is remembered; about a megabyte."""


class LastUse:
    """Notes uses of tokens, and stores each at most once a minute while `running()` does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._noted: dict[str, int] = {}
        self._due: dict[str, int] = {}
        self._writer: ThreadPoolExecutor | None = None

    def note(self, token_id: str | None, now_ms: int) -> None:
        """A token was used; None for the server itself. May be called from any thread."""
        # Without the lock, since it is nearly always so; at worst a use is stored twice.
        # A use that was noted long after now was noted before the clock was set back.
        if token_id is None or abs(now_ms - self._noted.get(token_id, 0)) < _EVERY_MS:
            return
        with self._lock:
            if self._writer is None:
                return
            if len(self._noted) >= _MOST_NOTED:
                self._noted.clear()
            self._noted[token_id] = now_ms
            if not self._due:
                self._writer.submit(self._write)
            self._due[token_id] = now_ms

    @contextmanager
    def running(self) -> Iterator[None]:
        """Store uses until the block ends."""
        writer = self._writer = ThreadPoolExecutor(1, thread_name_prefix="kaiten-last-use")
        try:
            yield
        finally:
            with self._lock:
                self._writer = None
            writer.shutdown()

    def _write(self) -> None:
        with self._lock:
            due, self._due = self._due, {}
        try:
            with self._database.writing() as connection:
                identity.note_uses(connection, due, _EVERY_MS)
        except SQLAlchemyError as error:
            log_failure(log, "cannot store the last use of tokens; the next one will be", error)
