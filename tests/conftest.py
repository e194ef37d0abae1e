"""What all tests stand on: signals, processes and limits that no machine changes, and databases."""

from __future__ import annotations

import gc
import os
import signal
import ssl
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx._transports import default as httpx_transport
from hypothesis import HealthCheck, settings

from tests.support.databases import Cluster, cluster, write_migrated
from tests.support.metering import close_opened
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


# Neither whose machine it is nor whom git trusts there changes a test.
os.environ["GIT_CONFIG_GLOBAL"] = os.devnull
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"


# As the command line does: looking through all that the tests hold, at every 700 new objects, takes
# a tenth of the time and finds little to free.
gc.set_threshold(100_000, 50, 50)


def pytest_collection_finish() -> None:
    """Never look again through what was collected: it lives to the end."""
    gc.collect()
    gc.freeze()


def _tls_variables() -> list[str | None]:
    return list(map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")))


_USUAL_VARIABLES = _tls_variables()
_new_tls = httpx.create_ssl_context
_usual_tls = cache(_new_tls)


def _tls(
    verify: ssl.SSLContext | str | bool = True, cert: Any = None, trust_env: bool = True
) -> ssl.SSLContext:
    if verify is True and cert is None and _tls_variables() == _USUAL_VARIABLES:
        return _usual_tls(trust_env=trust_env)
    return _new_tls(verify, cert, trust_env)


@pytest.fixture(scope="session", autouse=True)
def _any_machine() -> Iterator[None]:
    """Take from every test what depends on how it is started and on who else uses the machine."""
    adopt_orphans()
    # The limit of clients that name none: httpx has no public setting for it.
    httpx._config.DEFAULT_TIMEOUT_CONFIG.read = HANG_S
    # Certificates are read once, and not for each client of a server without TLS: it takes 25 ms.
    httpx.create_ssl_context = _tls
    httpx_transport.create_ssl_context = _tls  # type: ignore[attr-defined]  # where clients find it
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


@pytest.fixture(scope="module", autouse=True)
def _no_database_stays_open() -> Iterator[None]:
    yield
    close_opened()


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
    """The URL of a database that the tests of one module share, with the current schema."""
    return _new_database(database, tmp_path_factory.mktemp("server"), request)


@pytest.fixture
def fresh_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database for one test, with the current schema and nothing in it."""
    return _new_database(database, tmp_path, request)


@pytest.fixture
def empty_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database for one test, without any table."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'kaiten.db'}"
    running: Cluster = request.getfixturevalue("postgresql")
    return running.empty_database()


def _new_database(database: str, folder: Path, request: pytest.FixtureRequest) -> str:
    if database == "sqlite":
        path = folder / "kaiten.db"
        write_migrated(path)
        return f"sqlite:///{path}"
    running: Cluster = request.getfixturevalue("postgresql")
    return running.new_database()
