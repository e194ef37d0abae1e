"""One running server per module and database, and clients for fresh organizations on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.support.dash import Dash, at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.outbox import opened

from kaiten_sync.server.db.engine import Database


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server"), database_url) as running:
        yield running


@pytest.fixture
def api(server: EmbeddedServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.new_organization()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as client:
        yield client


@pytest.fixture
def dash(server: EmbeddedServer, api: httpx.Client) -> Iterator[Dash]:
    """Somebody signed in to the organization that `api` speaks to."""
    token = api.headers["Authorization"].removeprefix("Bearer ")
    with at_dashboard(server.url, token) as signed_in:
        yield signed_in


@pytest.fixture
def outbox(fresh_url: str) -> Iterator[Database]:
    """A fresh database that holds events to be delivered."""
    with opened(fresh_url) as database:
        yield database
