"""Bounds on one answer: bytes on the wire, bytes unpacked, and time in all.

httpcore bounds the silence between two reads, and nothing else: a server that sends one byte every
few seconds, interim answers without end, or a small body that unpacks to gigabytes would hold a
run or fill the memory. Here every read of an answer, its headers included, draws on one budget.

httpx is left out: for each request it makes and checks a URL and headers that are nearly the same
for all of them, which takes a seventh of a reading's CPU time.
"""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, TypeAlias

import httpcore
import httpx

from kaiten_sync.errors import ServerError

KEEPALIVE_S = 5.0
"""How long a connection is kept without a request: less than servers keep theirs, as httpx does."""

_STEP_BYTES = 1024 * 1024
"""Unpacked at a time. An error keeps what was in hand until Python looks for cycles: a page that is
asked for again and again, in ever smaller pages, must not add up to gigabytes."""


class OverdueError(Exception):
    """The answer took longer than its budget of time. Internal to `api/`."""


class TooLargeError(ServerError):
    """The answer is larger than its budget of bytes, packed or unpacked."""


Headers: TypeAlias = Mapping[str, str]
"""The headers of an answer, by their names in lower case."""

TRANSPORT_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
)
"""How an exchange fails without an answer."""


class BoundedTransport:
    """Sends requests to one server, with an answer's reads drawing on a budget, one for each.

    A request is sent and its answer read in one thread, so the budget belongs to the thread.
    `headers` go with every request. `timeouts_s` are those of httpcore, by their names there.
    """

    def __init__(
        self,
        *,
        base_url: str,
        headers: Mapping[str, str],
        tls: ssl.SSLContext,
        connections: int,
        proxy: str | None,
        most_bytes: int,
        longest_s: float,
        timeouts_s: Mapping[str, float],
    ) -> None:
        server = httpx.URL(base_url)
        self._origin = (server.raw_scheme, server.raw_host, server.port)
        self._path = server.raw_path
        self._headers = [
            (name.encode(), value.encode())
            for name, value in {"Host": server.netloc.decode(), **headers}.items()
        ]
        self._most_bytes = most_bytes
        self._budget = _Budget(most_bytes, longest_s)
        self._extensions = {"timeout": timeouts_s}
        self._pool = _pool(proxy, tls, connections, _BoundedBackend(self._budget))

    def exchange(self, method: str, target: str, body: bytes | None) -> tuple[int, Headers, bytes]:
        """Send a request with a budget of its own: the answer's status, headers and body.

        `target` is the path below the base with its query, in ASCII. `body` is JSON.

        Raises:
            TRANSPORT_ERRORS, OverdueError, TooLargeError: there is no whole answer.
            ServerError: the answer is packed in a way that was not asked for.
        """
        self._budget.begin()
        scheme, host, port = self._origin
        url = httpcore.URL(
            scheme=scheme, host=host, port=port, target=self._path + target.encode("ascii")
        )
        headers = [*self._headers, *_about(method, body)]
        request = httpcore.Request(
            method, url, headers=headers, content=body, extensions=self._extensions
        )
        with closing(self._pool.handle_request(request)) as response:
            found: dict[str, str] = {}
            for raw_name, raw_value in response.headers:
                name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
                found[name] = f"{found[name]}, {value}" if name in found else value
            encoding = found.get("content-encoding", "identity")
            content = unpacked(response.iter_stream(), encoding, self._most_bytes)
            return response.status, found, content

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _about(method: str, body: bytes | None) -> list[tuple[bytes, bytes]]:
    """The headers of a body. Source: RFC 9110, section 8.6, on a POST or PUT without one."""
    if body is not None:
        length = str(len(body)).encode()
        return [(b"Content-Length", length), (b"Content-Type", b"application/json")]
    return [(b"Content-Length", b"0")] if method in ("POST", "PUT") else []


def _pool(
    proxy: str | None, tls: ssl.SSLContext, connections: int, backend: httpcore.NetworkBackend
) -> httpcore.ConnectionPool:
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=backend,
        )
    to = httpx.Proxy(proxy)  # with user and password apart, and not escaped
    return httpcore.HTTPProxy(
        proxy_url=httpcore.URL(
            scheme=to.url.raw_scheme, host=to.url.raw_host, port=to.url.port, target=b"/"
        ),
        proxy_auth=to.raw_auth,
        ssl_context=tls,
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=KEEPALIVE_S,
        network_backend=backend,
    )


def unpacked(pieces: Iterable[bytes], encoding: str, most_bytes: int) -> bytes:
    """The body of an answer, at most so many bytes of it.

    Only gzip is asked for, and only one layer of it is unpacked, piece by piece, so that a small
    answer never becomes a large one in memory.

    Raises:
        TooLargeError: there is more.
        ServerError: the answer has another encoding, or cannot be unpacked.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise ServerError("the answer has an encoding, which was not asked for")
    content = bytearray()
    for piece in _inflated(pieces) if encoding == "gzip" else pieces:
        content += piece
        if len(content) > most_bytes:
            content.clear()
            raise TooLargeError(f"the answer is larger than {most_bytes / 1024 / 1024:g} MiB")
    return bytes(content)


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # 16: with a gzip header
    is_empty = True
    try:
        for packed in pieces:
            is_empty, left = False, packed
            while left:
                yield inflater.decompress(left, _STEP_BYTES)
                left = inflater.unconsumed_tail
        yield inflater.flush()
    except zlib.error as error:
        raise ServerError("the answer cannot be decompressed") from error
    # A stream that is cut off, or followed by anything else, is not what the server sent.
    if not is_empty and (not inflater.eof or inflater.unused_data):
        raise ServerError("the answer cannot be decompressed")


class _Budget(threading.local):
    """What the answer to the thread's present request may still take."""

    def __init__(self, most_bytes: int, longest_s: float) -> None:
        self._most_bytes = most_bytes
        self._longest_s = longest_s
        self.begin()

    def begin(self) -> None:
        self._bytes_left = self._most_bytes
        self._ends_at = time.monotonic() + self._longest_s

    def seconds_left(self, timeout_s: float | None) -> float:
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise OverdueError(f"the answer took longer than {self._longest_s:g} s")
        return left_s if timeout_s is None else min(left_s, timeout_s)

    def take(self, received: bytes) -> bytes:
        self._bytes_left -= len(received)
        if self._bytes_left < 0:
            limit = self._most_bytes / 1024 / 1024
            raise TooLargeError(f"the answer is larger than {limit:g} MiB")
        return received


class _BoundedStream(httpcore.NetworkStream):
    """A connection; see `_Budget`. A read that is cut short by the budget ends as overdue."""

    def __init__(self, stream: httpcore.NetworkStream, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds = self._budget.seconds_left(timeout)
        try:
            return self._budget.take(self._stream.read(max_bytes, seconds))
        except httpcore.ReadTimeout:
            self._budget.seconds_left(timeout)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._budget.seconds_left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._budget.seconds_left(timeout)
        return _BoundedStream(
            self._stream.start_tls(ssl_context, server_hostname, seconds), self._budget
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _BoundedBackend(httpcore.NetworkBackend):
    def __init__(self, budget: _Budget) -> None:
        self._backend = httpcore.SyncBackend()
        self._budget = budget

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(
            host, port, self._budget.seconds_left(timeout), local_address, socket_options
        )
        return _BoundedStream(stream, self._budget)
