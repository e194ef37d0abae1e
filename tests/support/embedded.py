"""The embedded server, real and in this process: an app on a port, in a thread."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from tests.support.databases import write_migrated

from kaiten_sync.server.app import ServerSettings, Started, running
from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.domain.scopes import ALL_SCOPES
from kaiten_sync.server.domain.tokens import new_token
from kaiten_sync.server.service.tenancy import create_organization


class EmbeddedServer:
    """Runs while its `with` block does, on the given database or on a file in the folder.

    `url` has no `/api`; `token` opens the first organization; `new_organization()` gives the
    token of an empty one; `database_url` is for looking behind its back.
    """

    url: str
    token: str

    def __init__(
        self,
        folder: Path,
        database_url: str | None = None,
        plan_source: tuple[str, ...] = (),
    ) -> None:
        self._plan_source = plan_source
        self.database_url = database_url or f"sqlite:///{folder / 'server.db'}"
        self._running: AbstractContextManager[Started]
        self._side_door: Database

    def __enter__(self) -> Self:
        if self.database_url.startswith("sqlite:") and not Path(self._file).exists():
            write_migrated(Path(self._file))
        self.token = new_token()
        settings = ServerSettings(
            database_url=self.database_url,
            bootstrap_token=self.token,
            allow_private_webhooks=True,  # receivers of tests are on this machine
            plan_source=self._plan_source,
        )
        self._running = running(settings)
        self.url = self._running.__enter__().url
        self._side_door = open_engine(self.database_url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._side_door.close()
        self._running.__exit__(kind, error, trace)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """The database behind the server's back, to look at."""
        with self._side_door.reading() as connection:
            yield connection

    def saved(self) -> sqlite3.Connection:
        """A copy of all that its SQLite file holds, for `restore`. Nothing may be under way."""
        copy = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as file:
            file.backup(copy)
        return copy

    def restore(self, saved: sqlite3.Connection) -> None:
        """Bring back what it held then, tokens included. Nothing may be under way.

        Much faster than to make the same objects again.
        """
        with closing(sqlite3.connect(self._file)) as file:
            saved.backup(file)

    @property
    def _file(self) -> str:
        return self.database_url.removeprefix("sqlite:///")

    def new_organization(self, *scopes: str) -> str:
        """The token of a new organization with nothing in it; all scopes unless some are named."""
        token = new_token()
        with self._side_door.writing() as connection:
            now_ms = time.time_ns() // 1_000_000
            create_organization(connection, "Test", token, now_ms, scopes or ALL_SCOPES)
        return token
