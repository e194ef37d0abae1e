"""A proxy on real sockets that hurts one request, or several, in a chosen way."""

from __future__ import annotations

import http.client
import select
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BufferedIOBase
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.support.processes import HANG_S


class Fault(StrEnum):
    """What is done to a request. `BEFORE` never reaches the server, `AFTER` was carried out.

    A stall lasts until the client leaves.
    """

    LATENCY = "latency"
    RESET_BEFORE = "reset before"
    RESET_AFTER = "reset after"
    TRUNCATED = "truncated body"
    TOO_MANY = "429"
    FAILS_BEFORE = "500 before"
    FAILS_AFTER = "500 after"
    UNAVAILABLE_BEFORE = "503 before"
    UNAVAILABLE_AFTER = "503 after"
    STALL_BEFORE = "stall before"
    STALL_AFTER = "stall after"
    DUPLICATED = "duplicated answer"
    NOT_JSON = "not JSON"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came through: its place in the order, its method and path."""

    index: int
    method: str
    path: str


Choose = Callable[[Seen], Fault | None]

_LATENCY_S = 0.02
_LOOK_S = 0.02
_CARRIED_OUT = {
    Fault.LATENCY,
    Fault.RESET_AFTER,
    Fault.TRUNCATED,
    Fault.FAILS_AFTER,
    Fault.UNAVAILABLE_AFTER,
    Fault.STALL_AFTER,
    Fault.DUPLICATED,
    Fault.NOT_JSON,
}


class FaultProxy:
    """Forwards to `server_url` while its `with` block runs; `choose` says whom it hurts."""

    def __init__(self, server_url: str, choose: Choose = lambda _: None) -> None:
        self.choose = choose
        self.seen: list[Seen] = []
        self.stopped = threading.Event()
        self._lock = threading.Condition()
        self._under_way = 0
        self._upstream = urlsplit(server_url)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def begin(self, choose: Choose) -> None:
        """Count from zero again, and hurt others."""
        with self._lock:
            self.seen = []
            self.choose = choose

    def note(self, method: str, path: str) -> Seen:
        with self._lock:
            seen = Seen(len(self.seen), method, path)
            self.seen.append(seen)
            return seen

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """While a request is forwarded and answered."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def wait_until_idle(self) -> None:
        """Wait until the server has answered all requests, also those of clients that are gone."""
        with self._lock:
            assert self._lock.wait_for(lambda: self._under_way == 0, HANG_S)

    def _add(self, number: int) -> None:
        with self._lock:
            self._under_way += number
            self._lock.notify_all()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            str(self._upstream.hostname), self._upstream.port, timeout=HANG_S
        )


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    block_on_close = False
    proxy: FaultProxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what this proxy is about."""


class _Handler(socketserver.StreamRequestHandler):
    """One connection of a client, with one of its own to the server."""

    disable_nagle_algorithm = True
    server: _Server
    connection: socket.socket

    def handle(self) -> None:
        upstream = self.server.proxy.connect()
        try:
            while self._exchange(upstream):
                pass
        finally:
            upstream.close()

    def _exchange(self, upstream: http.client.HTTPConnection) -> bool:
        """One request and its answer. False where the connection ends here."""
        request = _read_request(self.rfile)
        if request is None:
            return False
        with self.server.proxy.under_way():
            return self._pass_on(upstream, *request)

    def _pass_on(
        self,
        upstream: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
    ) -> bool:
        fault = self.server.proxy.choose(self.server.proxy.note(method, path))
        answer = b""
        if fault is None or fault in _CARRIED_OUT:
            upstream.request(method, path, body or None, headers)
            answer = _raw(upstream.getresponse())
        return self._answer(fault, answer)

    def _answer(self, fault: Fault | None, answer: bytes) -> bool:
        head, _, body = answer.partition(b"\r\n\r\n")
        stopped = self.server.proxy.stopped
        match fault:
            case Fault.RESET_BEFORE | Fault.RESET_AFTER:
                return self._reset()
            case Fault.TRUNCATED:
                self.wfile.write(head + b"\r\n\r\n" + body[: len(body) // 2])
                return self._reset()
            case Fault.STALL_BEFORE | Fault.STALL_AFTER:
                while not (stopped.wait(_LOOK_S) or self._is_left()):
                    pass
                return self._reset()
            case Fault.LATENCY:
                stopped.wait(_LATENCY_S)
        self.wfile.write(answer if fault is None else _INSTEAD.get(fault, answer))
        if fault is Fault.DUPLICATED:
            self.wfile.write(answer)
        return True

    def _is_left(self) -> bool:
        """Whether the client has gone, or has gone on.

        After a duplicated answer it takes the second one for that of its next request.
        """
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable)

    def _reset(self) -> bool:
        """Close with RST, as a machine that dies does, and not with an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def _read_request(stream: BufferedIOBase) -> tuple[str, str, dict[str, str], bytes] | None:
    line = stream.readline(65_537).decode("latin-1")
    if not line.strip():
        return None
    method, path, _ = line.split(" ", 2)
    parsed = http.client.parse_headers(stream)
    body = stream.read(int(parsed.get("Content-Length", 0)))
    headers = {name: value for name, value in parsed.items() if name.lower() != "connection"}
    return method, path, headers, body


def _raw(response: http.client.HTTPResponse) -> bytes:
    body = response.read()
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [
        f"{name}: {value}"
        for name, value in response.getheaders()
        if name.lower() not in ("content-length", "transfer-encoding", "connection")
    ]
    if response.status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def _problem(status: int, headers: str = "") -> bytes:
    body = f'{{"title": "fault", "status": {status}, "code": "FAULT"}}'.encode()
    return (
        f"HTTP/1.1 {status} Fault\r\nContent-Type: application/problem+json\r\n{headers}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _page() -> bytes:
    page = b"<html>Bad gateway</html>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\n\r\n"
    return head.encode() + page


_INSTEAD = {
    Fault.TOO_MANY: _problem(429, "Retry-After: 0\r\n"),
    Fault.FAILS_BEFORE: _problem(500),
    Fault.FAILS_AFTER: _problem(500),
    Fault.UNAVAILABLE_BEFORE: _problem(503),
    Fault.UNAVAILABLE_AFTER: _problem(503),
    Fault.NOT_JSON: _page(),
}
"""What the client gets instead of the server's answer."""
