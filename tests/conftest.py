"""What all tests stand on: signals, processes and limits that no machine changes, and databases."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.support.databases import Cluster, cluster
from tests.support.processes import (
    HANG_S,
    adopt_orphans,
    left_over,
    running_processes,
    signals_of_a_terminal,
)

# A slow example is no fault: neither one that runs long nor one that is long in the making.
# Examples share the folder of their test, and write every file that they read.
settings.register_profile(
    "any machine",
    parent=settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("any machine")


@pytest.fixture(scope="session", autouse=True)
def _any_machine() -> Iterator[None]:
    """Take from every test what depends on how it is started and on who else uses the machine."""
    adopt_orphans()
    # The limit of clients that name none: httpx has no public setting for it.
    httpx._config.DEFAULT_TIMEOUT_CONFIG.read = HANG_S
    with signals_of_a_terminal():
        yield


@pytest.fixture(autouse=True)
def _every_process_ends() -> Iterator[None]:
    """Fail a test that leaves a process behind, and end that process."""
    before = set(running_processes())
    yield
    found = left_over(before)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not found, f"the test left processes behind: {found}"


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
