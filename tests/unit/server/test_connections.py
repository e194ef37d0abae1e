"""Connections: too many of them, and those that keep the server waiting."""

from __future__ import annotations

import hashlib
import json
import re
import resource
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from tests.support.embedded import EmbeddedServer
from tests.support.processes import HANG_S
from tests.support.server_process import ServerProcess
from tests.support.statements import counted_statements

from kaiten_sync.server import app, connections
from kaiten_sync.server.app import ServerSettings, running
from kaiten_sync.server.connections import MAX_AHEAD, MAX_HEAD, most_connections

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


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server that ends idle connections soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "HEAD_S", SOON_S)
        with EmbeddedServer(tmp_path_factory.mktemp("plain")) as server:
            yield server


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


HEALTH = b"GET /api/healthz HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /api/licenses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
UNREADABLE = [
    b"GET /api/healthz HTTP/1.1\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * MAX_HEAD + b"\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * MAX_HEAD + b"\r\n",
    b"GET /api/healthz?" + b"x" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nX: y\r\n z\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nX: y\0z\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nX: y\rz: z\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET /api/healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, x\r\n\r\n",
    b"GET /api/healthz HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
]


def statuses(answers: bytes) -> list[bytes]:
    """The status of each answer."""
    return re.findall(rb"HTTP/1\.1 (\d+) ", answers)


def answered(server: EmbeddedServer, sent: bytes) -> list[bytes]:
    """The statuses with which a connection is answered until the server closes it."""
    with connected(port_of(server)) as client:
        with suppress(ConnectionError):  # it was refused before all of it was sent
            client.sendall(sent)
        return statuses(read_to_the_end(client))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"FOO /api/licenses HTTP/1.1\r\nHost: x\r\n\r\n", "does not know the method"),
        (b"get /api/licenses HTTP/1.1\r\nHost: x\r\n\r\n", "does not know the method"),
        (b"A" * 10_000 + b" /api/licenses HTTP/1.1\r\n\r\n", "does not know the method"),
        (b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", "not a proxy"),
        (b"GET /api/healthz HTTP/1.1\r\n\r\n", "one Host header"),
        (b"GET /api/healthz HTTP/9.9\r\nHost: x\r\n\r\n", "Invalid HTTP version"),
        (b"GET /api/healthz HTTP/1.1\r\nHost : x\r\n\r\n", "Invalid header token"),
        (b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", "Invalid char in url path"),
        (b"GET /" + b"x" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n", "at most 65,536 bytes"),
        (CHUNKED + b"x\r\n", "Invalid character in chunk size"),
    ],
)
def test_what_nobody_can_read_is_answered_as_other_errors_are(
    plain_server: EmbeddedServer, sent: bytes, said: str
) -> None:
    with connected(port_of(plain_server)) as client:
        client.sendall(sent)
        head, _, body = read_to_the_end(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\ncontent-type: application/problem+json" in head
    assert f"\r\ncontent-length: {len(body)}".encode() in head
    found = json.loads(body)
    assert said in found.pop("detail")
    assert found == {
        "type": "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.1",
        "title": "Bad Request",
        "status": 400,
        "code": "BAD_REQUEST",
    }


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("head", UNREADABLE)
def test_what_nobody_can_read_is_refused_after_the_answers_before_it(
    plain_server: EmbeddedServer, head: bytes, before: int
) -> None:
    """Nothing that follows is answered: where it begins is not known."""
    found = answered(plain_server, HEALTH * before + head + HEALTH)
    assert found[:before] == [b"200"] * before or not found  # a reset may overtake an answer
    assert found[before:] in ([b"400"], [])
    if not before and len(head) < MAX_HEAD:
        assert found == [b"400"]


@pytest.mark.parametrize(
    "offer",
    [
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n",
        b"Upgrade: a\r\nUpgrade: b\r\nConnection: keep-alive, Upgrade\r\n",
    ],
)
@pytest.mark.parametrize("before", [b"", HEALTH])
@pytest.mark.parametrize("pause", [False, True])
def test_a_request_that_offers_another_protocol_is_answered_with_its_body(
    plain_server: EmbeddedServer, offer: bytes, before: bytes, pause: bool
) -> None:
    """As curl --http2 and Java's client send their first request."""
    slug = f"p-{hashlib.sha256(offer + before + bytes([pause])).hexdigest()[:8]}"
    body = f'{{"slug": "{slug}", "name": "Quota", "type": "NUMBER"}}'.encode()
    token = f"Authorization: Bearer {plain_server.token}\r\n".encode()
    head = b"POST /api/entitlements HTTP/1.1\r\nHost: x\r\n" + token + offer
    head += b"Content-Length: %d\r\n\r\n" % len(body)
    with connected(port_of(plain_server)) as client:
        client.sendall(before + head + body[:7])
        if pause:
            select.select([client], [], [], SOON_S / 4)
        client.sendall(body[7:] + HEALTH)
        client.sendall(HEALTH.replace(b"\r\n\r\n", b"\r\n" + offer + b"\r\n") + HEALTH)
        answers = statuses(read_to_the_end(client))
    assert answers == [b"200"] * bool(before) + [b"201", b"200", b"200", b"200"]


@pytest.mark.parametrize(
    ("length", "expected"), [(b"", [b"401", b"200"]), (b"Content-Length: 60\r\n", [b"400"])]
)
def test_nothing_follows_a_request_whose_end_can_be_read_in_two_ways(
    plain_server: EmbeddedServer, length: bytes, expected: list[bytes]
) -> None:
    """A proxy may take for its body what would be a request here."""
    head = CHUNKED.removesuffix(b"\r\n") + length + b"\r\n"
    assert answered(plain_server, head + b"0\r\n\r\n" + HEALTH) == expected


@pytest.mark.parametrize(
    "endless", [b"", b"GET /", b"X: ", b"0\r\nX: ", b"1;x=", b"0\r\n" + b"X: y\r\n"]
)
def test_what_has_no_end_is_not_kept(plain_server: EmbeddedServer, endless: bytes) -> None:
    """A client that sends on and on is stopped after a few hundred kilobytes."""
    begin = {b"": b"", b"G": b"", b"X": HEALTH[:-2]}.get(endless[:1], CHUNKED)
    with connected(port_of(plain_server)) as client:
        client.sendall(begin + endless)
        sent = bytes_taken(client)
    assert sent < 32 * 2**20  # what the system keeps for a connection comes on top


def bytes_taken(client: socket.socket) -> int:
    """How much more is sent until the server ends the connection."""
    sent = 0
    with suppress(ConnectionError):
        while sent < 64 * 2**20:
            client.sendall(b"x" * 65_536)
            sent += 65_536
    return sent


def test_a_trailer_is_no_field_of_the_head(plain_server: EmbeddedServer) -> None:
    """Proxies check and remove fields of the head; a trailer passes them."""
    trailer = b"0\r\nAuthorization: Bearer " + plain_server.token.encode() + b"\r\n\r\n"
    body = b'2\r\n{"\r\n' + trailer
    assert answered(plain_server, CHUNKED + body) == [b"401"]


@pytest.mark.parametrize("number", [2, MAX_AHEAD, 500])
def test_requests_that_nobody_waited_for_are_answered_up_to_a_number(
    plain_server: EmbeddedServer, number: int
) -> None:
    found = answered(plain_server, HEALTH * number)
    assert set(found) == {b"200"}
    assert min(number, MAX_AHEAD) <= len(found) <= MAX_AHEAD + 1 or len(found) == number == 2


def test_a_byte_now_and_then_does_not_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", SOON_S)
    with EmbeddedServer(tmp_path) as server, connected(port_of(server)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        while not select.select([client], [], [], SOON_S / 10)[0]:
            client.sendall(b"x")
        assert read_to_the_end(client) == b""


@contextmanager
def trusting(folder: Path, *proxies: str) -> Iterator[int]:
    """The port of a server that trusts these proxies."""
    url = f"sqlite:///{folder / 'kaiten.db'}"
    with running(ServerSettings(database_url=url, trusted_proxies=proxies)) as server:
        yield int(server.url.rpartition(":")[2])


def test_a_proxy_decides_itself_when_it_closes_its_connections(
    tmp_path: Path, plain_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", SOON_S)
    monkeypatch.setattr(app, "_IDLE_S", SOON_S)
    with trusting(tmp_path, "127.0.0.1") as port, connected(port) as proxy:
        proxy.sendall(HEALTH)
        assert statuses(proxy.recv(65_536)) == [b"200"]
        assert answered(plain_server, HEALTH) == [b"200"]  # and is closed, which takes as long
        assert answered(plain_server, b"") == []
        proxy.sendall(HEALTH)
        assert statuses(proxy.recv(65_536)) == [b"200"]


@pytest.mark.parametrize("before", [b"", HEALTH])
def test_a_proxy_that_has_begun_with_a_request_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD_S", SOON_S)
    with trusting(tmp_path, "127.0.0.0/8") as port, connected(port) as proxy:
        proxy.sendall(before)
        assert not before or statuses(proxy.recv(65_536)) == [b"200"]
        proxy.sendall(PARTS[2])
        assert read_to_the_end(proxy) == b""


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
                refused = read_to_the_end(third)
                assert refused.startswith(b"HTTP/1.1 503 ")
                assert b"\r\nretry-after: 1\r\n" in refused
                assert b'"code":"UNAVAILABLE"' in refused
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
