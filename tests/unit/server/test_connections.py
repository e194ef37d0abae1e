"""Connections: too many of them, and those that keep the server waiting."""

from __future__ import annotations

import resource
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S
from tests.support.server_process import ServerProcess
from tests.support.statements import counted_statements

from kaiten_sync.server import connections
from kaiten_sync.server.connections import most_connections

SOON_S = 0.2
PARTS = [
    b"",
    b"G",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nX: ",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /api/licenses HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /api/licenses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
]
"""What a client may send before it says nothing more."""


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=HANG_S) as opened:
        yield opened


def port_of(server: EmbeddedServer) -> int:
    return int(server.url.rpartition(":")[2])


def read_to_the_end(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def test_more_idle_connections_than_open_files_stop_nobody(fresh_url: str) -> None:
    with ServerProcess(fresh_url) as server, ExitStack() as stack:
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (256, 256))
        headers = {"Authorization": f"Bearer {server.token}"}
        for number in range(300):
            idle = stack.enter_context(connected(server.port))
            idle.sendall(PARTS[number % len(PARTS)])
        with httpx.Client(base_url=f"{server.url}/api", headers=headers) as kept:
            for _ in range(20):
                assert kept.get("/licenses").status_code == 200
                assert httpx.get(f"{server.url}/api/licenses", headers=headers).status_code == 200
        log = server.log()
    assert log.count("connections are open") == 1
    assert len(log.splitlines()) == 5  # with the four lines that greet


@pytest.mark.parametrize("before", [b"", b"GET /api/healthz HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("part", PARTS)
def test_who_says_nothing_more_is_disconnected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes, part: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", SOON_S)
    monkeypatch.setattr(connections, "REQUEST_S", SOON_S)
    with EmbeddedServer(tmp_path) as server, connected(port_of(server)) as client:
        client.sendall(before + part)
        answers = read_to_the_end(client).count(b"HTTP/1.1 200 OK")
    assert answers == bool(before) + (part == PARTS[3])


@pytest.mark.parametrize("both", [True, False])
def test_nothing_follows_a_request_whose_end_can_be_read_in_two_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, both: bool
) -> None:
    """A proxy may take for its body what would be a request here."""
    monkeypatch.setattr(connections, "HEAD_S", SOON_S)
    length = b"Content-Length: 60\r\n" if both else b""
    inner = b"GET /api/healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /api/licenses HTTP/1.1\r\nHost: x\r\n" + length
    with EmbeddedServer(tmp_path) as server, connected(port_of(server)) as client:
        client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner)
        answers = read_to_the_end(client)
    assert answers.count(b"HTTP/1.1 401 ") == 1
    assert answers.count(b"HTTP/1.1 200 ") == (0 if both else 1)


def test_a_byte_now_and_then_does_not_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", SOON_S)
    with EmbeddedServer(tmp_path) as server, connected(port_of(server)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        while not select.select([client], [], [], SOON_S / 10)[0]:
            client.sendall(b"x")
        assert read_to_the_end(client) == b""


def test_connections_that_wait_for_their_client_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 2)
    with EmbeddedServer(tmp_path) as server, ExitStack() as stack:
        first, second, third = (stack.enter_context(connected(port_of(server))) for _ in range(3))
        assert read_to_the_end(first) == b""
        for each in (second, third):
            each.sendall(b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert read_to_the_end(each).startswith(b"HTTP/1.1 200 OK")


def test_a_connection_too_many_is_refused_while_all_others_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 2)
    monkeypatch.setattr("kaiten_sync.server.db.engine._WAIT_MS", HANG_S * 1000)
    with EmbeddedServer(tmp_path) as server, ExitStack() as stack:
        busy = [stack.enter_context(connected(port_of(server))) for _ in range(2)]
        with counted_statements() as statements, server._side_door.writing():
            for number, each in enumerate(busy):
                body = b'{"name": "Growth", "type": "PAID"}'
                head = (
                    "POST /api/licenses HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    f"Authorization: Bearer {server.token}\r\nContent-Length: {len(body)}\r\n\r\n"
                )
                each.sendall(head.encode() + body)
                while sum("FROM token" in each for each in statements) <= number:
                    pass  # until it waits for the lock that this test has
            with connected(port_of(server)) as third:
                assert read_to_the_end(third).startswith(b"HTTP/1.1 503 ")
        for each in busy:
            assert read_to_the_end(each).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    ("files", "most"), [(resource.RLIM_INFINITY, 1000), (100_000, 1000), (1024, 744), (64, 16)]
)
def test_the_limit_follows_that_of_open_files(
    monkeypatch: pytest.MonkeyPatch, files: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))
    assert most_connections() == most
