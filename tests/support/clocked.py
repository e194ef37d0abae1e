"""The server's application without a port, at a time of the test's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette
from tests.support.metering import milliseconds

from kaiten_sync.server.dashboard import dashboard
from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.migrate import migrate
from kaiten_sync.server.domain.tokens import new_token
from kaiten_sync.server.service.tenancy import create_organization
from kaiten_sync.server.web.routes import build_app
from kaiten_sync.server.web.transactions import Surroundings


@dataclass
class Clock:
    """A clock that stands still until it is set. Milliseconds since 1970."""

    now_ms: int

    def __call__(self) -> int:
        return self.now_ms

    def set(self, moment: str) -> None:
        """Set it to a time as RFC 3339 writes it."""
        self.now_ms = milliseconds(moment)


@contextmanager
def clocked(database_url: str) -> Iterator[tuple[httpx.Client, Clock]]:
    """A client of a new organization, of an application on this database, and its clock."""
    database = open_engine(database_url)
    try:
        migrate(database)
        clock = Clock(time.time_ns() // 1_000_000)
        token = new_token()
        with database.writing() as connection:
            create_organization(connection, "Test", token, 0)
        surroundings = Surroundings(database=database, clock=clock)
        app = build_app(surroundings, pages=dashboard(surroundings))
        headers = {"Authorization": f"Bearer {token}"}
        transport = _InProcess(app)
        with httpx.Client(
            transport=transport, base_url="http://localhost/api", headers=headers
        ) as api:
            yield api, clock
    finally:
        database.close()


class _InProcess(httpx.BaseTransport):
    """Calls the application in an event loop of the request's own."""

    def __init__(self, app: Starlette) -> None:
        self._app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=await answer.aread()
        )
