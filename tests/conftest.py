"""The databases that tests of the server run on: each such test runs on all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import Cluster, cluster


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL cluster, started by the first test that asks for it."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    return str(request.param)


@pytest.fixture(scope="module")
def database_url(
    database: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> str:
    """The URL of an empty database that the tests of one module share."""
    return _new_database(database, tmp_path_factory.mktemp("server"), request)


@pytest.fixture
def fresh_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database for one test."""
    return _new_database(database, tmp_path, request)


def _new_database(database: str, folder: Path, request: pytest.FixtureRequest) -> str:
    if database == "sqlite":
        return f"sqlite:///{folder / 'kaiten.db'}"
    running: Cluster = request.getfixturevalue("postgresql")
    return running.new_database()
