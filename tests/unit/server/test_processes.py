"""The server as real processes: one or several of them, stopped, killed and started again."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest
from tests.support.databases import Cluster
from tests.support.processes import HANG_S
from tests.support.server_process import ServerProcess


def headers(server: ServerProcess) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def create(server: ServerProcess, name: str) -> int:
    body = {"name": name, "type": "NUMBER"}
    url = f"{server.url}/api/entitlements"
    # A connection waits until some worker takes it, however slowly that one starts.
    return httpx.post(url, json=body, headers=headers(server)).status_code


def create_at_last(server: ServerProcess, name: str) -> int:
    """Like `create`, but goes on where the worker that took the connection has just died."""
    while True:
        with suppress(httpx.TransportError):
            return create(server, name)


def names(server: ServerProcess) -> set[str]:
    answer = httpx.get(f"{server.url}/api/entitlements?limit=200", headers=headers(server))
    return {item["name"] for item in answer.json()["items"]}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_one_process_stops_cleanly(fresh_url: str, how: signal.Signals) -> None:
    with ServerProcess(fresh_url) as server:
        assert create(server, "Seats") == 201
        assert server.stop(how) == 0
        assert "Traceback" not in server.log()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_workers_answer_side_by_side_and_stop_cleanly(
    postgresql: Cluster, how: signal.Signals
) -> None:
    with ServerProcess(postgresql.new_database(), workers=2) as server:
        assert len(server.workers()) == 2
        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: create(server, "Seats"), range(24)))
        assert statuses == [201] * 24
        assert server.stop(how) == 0
        assert "Traceback" not in server.log()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))


def test_a_worker_that_dies_is_replaced(postgresql: Cluster) -> None:
    with ServerProcess(postgresql.new_database(), workers=2) as server:
        for worker in server.workers():
            os.kill(worker, signal.SIGKILL)
        assert create_at_last(server, "Seats") == 201
        assert names(server) == {"Seats"}
        assert "takes its place" in server.log()


def test_workers_end_with_their_supervisor(postgresql: Cluster) -> None:
    with ServerProcess(postgresql.new_database(), workers=2) as server:
        os.kill(server.pid, signal.SIGKILL)
        server.wait_until_gone()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))


def test_what_was_answered_survives_a_kill(fresh_url: str) -> None:
    kill_and_start_again(fresh_url, workers=1)


def test_what_workers_answered_survives_a_kill(postgresql: Cluster) -> None:
    kill_and_start_again(postgresql.new_database(), workers=2)


def kill_and_start_again(url: str, workers: int) -> None:
    with ServerProcess(url, workers=workers) as server:
        assert create(server, "Seats") == 201
        server.kill()
    with ServerProcess(url, workers=workers, port=server.port, token=server.token) as again:
        assert again.url == server.url
        assert names(again) == {"Seats"}


def test_several_starts_at_once_share_an_empty_database(postgresql: Cluster) -> None:
    url = postgresql.new_database()
    servers = [ServerProcess(url) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(ServerProcess.__enter__, servers))
        assert create(servers[0], "Seats") == 201
        assert [names(server) for server in servers] == [{"Seats"}] * 4
    finally:
        for server in servers:
            server.__exit__(None, None, None)


def test_several_workers_on_sqlite_are_a_wrong_command_line(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/kaiten.db"
    command = [sys.executable, "-m", "kaiten_sync", "serve", "--workers", "2", "--port", "0"]
    done = subprocess.run(
        [*command, "--database", url], capture_output=True, text=True, check=False
    )
    wrong = subprocess.run([*command, "--no-such"], capture_output=True, check=False)
    assert done.returncode == wrong.returncode
    assert "only PostgreSQL can be shared" in done.stderr


def test_the_settings_of_workers_are_on_no_command_line(postgresql: Cluster) -> None:
    url = postgresql.new_database() + "&password=a-secret-of-a-test"
    with ServerProcess(url, workers=2) as server:
        assert len(server.command_lines()) > 2
        shown = "".join(server.command_lines().values())
        assert "a-secret-of-a-test" not in shown
        assert server.token not in shown
        assert create(server, "Seats") == 201


def test_a_server_started_with_sigint_ignored_goes_on_and_stops_at_sigterm(
    fresh_url: str,
) -> None:
    """As background jobs of shells, and some CI runners, start it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ServerProcess(fresh_url) as server:
            os.killpg(server.pid, signal.SIGINT)
            for _ in range(20):
                assert httpx.get(f"{server.url}/api/healthz", timeout=HANG_S).status_code == 200
            assert server.stop(signal.SIGTERM) == 0
    finally:
        signal.signal(signal.SIGINT, before)
