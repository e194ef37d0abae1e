"""One answer and one list have an end, whatever a server sends."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpx
import pytest
from tests.support.processes import HANG_S
from tests.support.scripted import Reply, Request, scripted

from kaiten_sync.api.attempts import LostAnswerError
from kaiten_sync.api.bounds import (
    BoundedTransport,
    BoundedTransports,
    TooLargeError,
    unpacked,
)
from kaiten_sync.api.client import Client
from kaiten_sync.api.paging import MAX_PAGES, read_all
from kaiten_sync.api.settings import ANSWER_LIMIT_BYTES, ConnectionSettings, RetrySettings
from kaiten_sync.errors import IncompleteReadingError, ServerError, UnreachableError

FAST = RetrySettings(base_s=0.001, max_s=0.002, retry_after_max_s=0.002)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BOMB = gzip.compress(b"[" + b" " * (200 * 1024 * 1024) + b"]", 9)


@contextmanager
def speaking(speak: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """A server that says what `speak` sends, to each connection; yields its URL and a count."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections = [0]

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections[0] += 1
                with connection, suppress(OSError):
                    connection.recv(65536)
                    speak(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", connections
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def client_at(url: str, **settings: object) -> Client:
    return Client(ConnectionSettings(url=url, retry=FAST, **settings))  # type: ignore[arg-type]


def endless(piece: bytes, head: bytes = b"") -> Callable[[socket.socket], None]:
    """Sends one piece after another until the client hangs up."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return speak


EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""A stored deflate block without content."""

GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


STALLS = {
    "headers without end": endless(b"X-Drip: drip\r\n", HEAD),
    "interim answers without end": endless(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "empty gzip blocks without end": endless(
        chunk(EMPTY_BLOCK),
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(GZIP_HEADER),
    ),
    "a body without end": endless(chunk(b" " * 4096), HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
}


@pytest.mark.parametrize("name", STALLS)
def test_an_answer_without_end_is_ended(name: str) -> None:
    with speaking(STALLS[name]) as (url, connections):
        client = client_at(url, answer_timeout_s=0.5)
        with pytest.raises((UnreachableError, ServerError)):
            client.get("/licenses")
        client.close()
    assert connections[0] <= FAST.attempts


def test_a_server_that_drips_is_asked_once() -> None:
    """Each byte comes in time; all of them together do not."""
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(HEAD)
        while not gone.wait(0.05):
            connection.sendall(b"X")

    with speaking(drip) as (url, connections):
        client = client_at(url, answer_timeout_s=0.4)
        with pytest.raises(UnreachableError, match=r"took longer than 0\.4 s"):
            client.get("/licenses")
        gone.set()
        client.close()
    assert connections[0] == 1


def test_a_server_that_takes_a_request_slowly_is_not_waited_for() -> None:
    """Each part of it is taken in time; all of them together are not."""
    gone, taken = threading.Event(), []
    request_bytes = 32 * 1024 * 1024

    def take(connection: socket.socket) -> None:
        while not gone.wait(0.05):
            taken.append(len(connection.recv(256 * 1024)))

    with speaking(take) as (url, _):
        client = client_at(url, answer_timeout_s=0.5)
        try:
            with pytest.raises(LostAnswerError, match=r"took longer than 0\.5 s"):
                client.write_once("POST", "/licenses", {"description": "x" * request_bytes})
        finally:
            gone.set()
            client.close()
    assert sum(taken) < request_bytes / 2


def test_requests_side_by_side_have_connections_of_their_own_which_are_kept() -> None:
    def make() -> BoundedTransport:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return BoundedTransport(tls=tls, proxy=None, most_bytes=1, longest_s=1)

    transports = BoundedTransports(make)
    with transports.one() as first, transports.one() as second:
        assert first is not second
    with transports.one() as third, transports.one() as fourth:
        assert {third, fourth} == {first, second}


def test_head_and_body_of_a_request_are_sent_together() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        client = client_at(f"http://127.0.0.1:{listener.getsockname()[1]}")
        answer = pool.submit(client.write_once, "POST", "/licenses", {"name": "Größe"})
        connection, _ = listener.accept()
        with connection:
            head, _, body = connection.recv(65536).partition(b"\r\n\r\n")
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
            assert answer.result(HANG_S).status == 200
        client.close()
    assert body.decode() == '{"name":"Größe"}'
    assert b"Content-Length: %d" % len(body) in head


@pytest.mark.parametrize("encoding", ["gzip", "GZIP "])
def test_a_small_answer_does_not_become_a_large_one(encoding: str) -> None:
    reply = Reply(raw=BOMB, headers={"content-encoding": encoding})
    with scripted(lambda _: reply) as server:
        client = client_at(server.url)
        with pytest.raises(TooLargeError, match="GET /licenses: the answer is larger than 64 MiB"):
            client.get("/licenses")
        client.close()


def test_an_answer_is_unpacked_in_small_steps() -> None:
    """What is in hand when it is too large stays in memory with the error, for each size asked."""
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, content=iter([BOMB]))
    with pytest.raises(TooLargeError) as caught:
        unpacked(response, ANSWER_LIMIT_BYTES)
    kept = [
        len(value)
        for frame, _ in traceback.walk_tb(caught.tb)
        for value in frame.f_locals.values()
        if isinstance(value, bytes | bytearray) and value is not BOMB
    ]
    assert kept
    assert max(kept) <= 1024 * 1024


@pytest.mark.parametrize("part", [b"[],", b"{},", b"1000,"])
def test_a_small_answer_does_not_become_many_values(part: bytes) -> None:
    raw = gzip.compress(b"[" + part * 5_000_000 + b"0]", 1)
    with scripted(lambda _: Reply(raw=raw, headers={"content-encoding": "gzip"})) as server:
        client = client_at(server.url)
        with pytest.raises(TooLargeError, match="the answer has more than 4,000,000"):
            client.get("/licenses")
        client.close()


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "deflate", "zstd", "x" * 300])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    reply = Reply(raw=gzip.compress(BOMB), headers={"content-encoding": encoding})
    with scripted(lambda _: reply) as server:
        client = client_at(server.url)
        with pytest.raises(ServerError, match="which was not asked for"):
            client.get("/licenses")
        client.close()


@pytest.mark.parametrize(
    "raw",
    [b"not gzip", gzip.compress(b"[1]")[:-4], gzip.compress(b"[1]") + b"more"],
    ids=["not gzip", "cut off", "more behind it"],
)
def test_what_cannot_be_unpacked_is_refused(raw: bytes) -> None:
    with scripted(lambda _: Reply(raw=raw, headers={"content-encoding": "gzip"})) as server:
        client = client_at(server.url)
        with pytest.raises(ServerError, match="cannot be decompressed"):
            client.get("/licenses")
        client.close()


def test_a_packed_answer_is_read() -> None:
    packed = gzip.compress(json.dumps([{"slug": "growth"}]).encode())
    with scripted(lambda _: Reply(raw=packed, headers={"content-encoding": "gzip"})) as server:
        client = client_at(server.url)
        assert client.get("/licenses").body == [{"slug": "growth"}]
        assert server.requests[0].headers["accept-encoding"] == "gzip"
        client.close()


def test_a_list_with_large_texts_is_read_in_smaller_pages() -> None:
    """68 objects with texts of a megabyte: more than one answer may have, but not too many."""
    texts = [{"slug": f"s{n}", "description": "x" * 1024 * 1024} for n in range(68)]

    def answer(request: Request) -> Reply:
        query = dict(pair.split("=") for pair in request.path.partition("?")[2].split("&"))
        start, size = int(query.get("cursor", 0)), int(query["limit"])
        end = start + size
        has_more = end < len(texts)
        body: dict[str, object] = {"items": texts[start:end], "hasMore": has_more}
        return Reply(body=body | ({"nextCursor": str(end)} if has_more else {}))

    with scripted(answer) as server:
        client = client_at(server.url)
        slugs = [item["slug"] for item in read_all(client, "/entitlements")]
        client.close()
    assert slugs == [item["slug"] for item in texts]
    assert len(server.requests) == 4  # 200, 100, 50, and the rest


def test_a_list_of_empty_pages_with_fresh_cursors_ends_at_once() -> None:
    def answer(request: Request) -> Reply:
        return Reply(body={"items": [], "hasMore": True, "nextCursor": f"{len(request.path)}x"})

    with scripted(answer) as server:
        client = client_at(server.url)
        with pytest.raises(IncompleteReadingError, match="sends an empty page and has more"):
            list(read_all(client, "/licenses"))
        client.close()
    assert len(server.requests) == 1


def test_a_list_whose_cursors_repeat_is_refused() -> None:
    with scripted(
        lambda _: Reply(body={"items": [{"slug": "a"}], "hasMore": True, "nextCursor": "again"})
    ) as server:
        client = client_at(server.url)
        with pytest.raises(IncompleteReadingError, match="repeats a page"):
            list(read_all(client, "/licenses"))
        client.close()
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("limit", "says"),
    [("MAX_PAGES", "has not ended after 7 pages"), ("LIST_LIMIT_BYTES", "is larger than")],
)
def test_a_list_that_never_ends_is_ended(
    monkeypatch: pytest.MonkeyPatch, limit: str, says: str
) -> None:
    page_bytes = len(json.dumps({"items": [{"slug": "s0"}], "hasMore": True, "nextCursor": "c0"}))
    most = {"MAX_PAGES": 7, "LIST_LIMIT_BYTES": 7 * page_bytes - 1}[limit]
    monkeypatch.setattr(f"kaiten_sync.api.paging.{limit}", most)
    count = iter(range(MAX_PAGES))

    def answer(_: Request) -> Reply:
        number = next(count)
        return Reply(
            body={"items": [{"slug": f"s{number}"}], "hasMore": True, "nextCursor": f"c{number}"}
        )

    with scripted(answer) as server:
        client = client_at(server.url)
        with pytest.raises(IncompleteReadingError, match=says):
            list(read_all(client, "/licenses"))
        client.close()
    assert len(server.requests) == 7
