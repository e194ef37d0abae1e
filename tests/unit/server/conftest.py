"""One running server per module and database, and clients for fresh organisations on it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.support.embedded import EmbeddedServer


@pytest.fixture(scope="module")
def server(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path_factory.mktemp("server"), database_url) as running:
        yield running


@pytest.fixture
def api(server: EmbeddedServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {server.new_organisation()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as client:
        yield client
