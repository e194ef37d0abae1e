"""A database that is away while the server runs: requests are refused, and then answered again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.support.databases import Cluster, write_migrated
from tests.support.metering import client, metered
from tests.support.server_process import ServerProcess

_LOOKS = 5


def _replace(file: Path) -> None:
    other = file.with_suffix(".other")
    write_migrated(other)
    other.rename(file)


@pytest.mark.parametrize("take_away", [Path.unlink, _replace], ids=["deleted", "replaced"])
def test_nothing_is_written_to_a_file_that_is_not_in_its_place(
    tmp_path: Path, take_away: Callable[[Path], None]
) -> None:
    file, kept = tmp_path / "kaiten.db", tmp_path / "kept.db"
    url = f"sqlite:///{file}"
    with ServerProcess(url) as server, client(server.url, server.token) as api:
        meter = metered(api, url)
        meter.grant(10)
        meter.count(1)
        kept.hardlink_to(file)
        take_away(file)
        there = file.read_bytes() if file.exists() else None
        for answer in (meter.report(1), api.get("/licenses")):
            assert answer.status_code == 503
            assert "was deleted or replaced" in answer.json()["detail"]
        assert _readiness(server) == 503
        assert (file.read_bytes() if file.exists() else None) == there
        kept.rename(file)
        assert _readiness(server) == 200
        assert meter.total(1) == (2, 2)
        assert f"{file} is not the file that was opened" in server.log()


@pytest.mark.parametrize("reports", [0, 300], ids=["just started", "with a long log"])
def test_a_file_that_another_one_is_copied_over_is_not_used(tmp_path: Path, reports: int) -> None:
    file, other = tmp_path / "kaiten.db", tmp_path / "other.db"
    write_migrated(other)
    url = f"sqlite:///{file}"
    with ServerProcess(url) as server, client(server.url, server.token) as api:
        meter = metered(api, url)
        meter.grant(10**6)
        for _ in range(reports):
            meter.count(1)
        shutil.copyfile(other, file)
        for answer in (meter.report(1), api.get("/licenses"), api.get("/licenses")):
            assert answer.status_code == 503
            assert "stop the server, put a whole copy in its place" in answer.json()["detail"]
        assert _readiness(server) == 503
        assert "Traceback" not in server.log()
        assert server.stop() == 0


@pytest.mark.parametrize("bytes_kept", [0, 4096, 100_000])
def test_a_file_that_is_damaged_ends_no_server(tmp_path: Path, bytes_kept: int) -> None:
    file = tmp_path / "kaiten.db"
    with ServerProcess(f"sqlite:///{file}") as server, client(server.url, server.token) as api:
        meter = metered(api, f"sqlite:///{file}")
        meter.grant(10**6)
        for _ in range(300):
            meter.count(1)
        os.truncate(file, bytes_kept)
        for path in ("/licenses", "/entitlements", "/instances", "/customers"):
            assert api.get(path).status_code in (200, 503), path
        assert _readiness(server) in (200, 503)
        assert "Traceback" not in server.log()
        assert server.stop() == 0


def test_a_database_that_is_away_takes_a_line_of_the_log_each_time(postgresql: Cluster) -> None:
    url = postgresql.new_database()
    name = url.removeprefix("postgresql:///").partition("?")[0]
    with ServerProcess(url) as server, client(server.url, server.token) as api:
        assert _readiness(server) == 200
        before = len(server.log().splitlines())
        postgresql.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgresql.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        assert [_readiness(server) for _ in range(_LOOKS)] == [503] * _LOOKS
        assert api.get("/licenses").status_code == 503
        postgresql.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert _readiness(server) == 200
        assert api.get("/licenses").status_code == 200
        logged = server.log().splitlines()[before:]
    looks = [line for line in logged if line.startswith("the database does not answer: ")]
    assert len(looks) == _LOOKS
    assert "Traceback" not in "".join(logged)


def _readiness(server: ServerProcess) -> int:
    return httpx.get(f"{server.url}/api/readyz").status_code
