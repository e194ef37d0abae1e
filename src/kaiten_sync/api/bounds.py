"""Bounds on one answer: bytes on the wire, bytes unpacked, and time in all.

httpx bounds the silence between two reads, and nothing else: a server that sends one byte every
few seconds, interim answers without end, or a small body that unpacks to gigabytes would hold a
run or fill the memory. Here every read of an answer, its headers included, draws on one budget.
"""

from __future__ import annotations

import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpcore
import httpx

from kaiten_sync.api.tls import TlsStream
from kaiten_sync.errors import ServerError

_STEP_BYTES = 1024 * 1024
"""Unpacked at a time. An error keeps what was in hand until Python looks for cycles: a page that is
asked for again and again, in ever smaller pages, must not add up to gigabytes."""

_PIECE_BYTES = 256 * 1024
"""Sent at a time. Whenever a server takes a part of it, httpcore waits as long again."""


class OverdueError(Exception):
    """The answer took longer than its budget of time. Internal to `api/`."""


class TooLargeError(ServerError):
    """The answer is larger than its budget of bytes, packed or unpacked."""


class BoundedTransport(httpx.HTTPTransport):
    """Sends one request after another over one connection, whose reads draw on a budget.

    The budget is renewed for each request.
    """

    def __init__(
        self, *, tls: ssl.SSLContext, proxy: httpx.Proxy | None, most_bytes: int, longest_s: float
    ) -> None:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        super().__init__(verify=tls, limits=limits, proxy=proxy, trust_env=False)
        self._budget = _Budget(most_bytes, longest_s)
        # httpcore's pool takes a backend, but httpx gives no way to pass one through.
        self._pool._network_backend = _BoundedBackend(self._budget)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request with a budget of its own."""
        self._budget.begin()
        return super().handle_request(request)


class BoundedTransports:
    """As many transports as there are requests side by side, each kept for the next request.

    One for all of them would be one pool of connections, which asks the system about each of them
    before and after every request, and lets all other threads wait for that.
    """

    def __init__(self, make: Callable[[], BoundedTransport]) -> None:
        self._make = make
        self._made: list[BoundedTransport] = []
        self._idle: list[BoundedTransport] = []

    @contextmanager
    def one(self) -> Iterator[BoundedTransport]:
        """A transport that nobody else uses until the end of the block."""
        try:
            transport = self._idle.pop()
        except IndexError:
            transport = self._make()
            self._made.append(transport)
        try:
            yield transport
        finally:
            self._idle.append(transport)

    def close(self) -> None:
        """Close all connections, also those that are in use."""
        for each in self._made:
            each.close()


def unpacked(response: httpx.Response, most_bytes: int) -> bytes:
    """The body of an answer, at most so many bytes of it.

    Only gzip is asked for, and only one layer of it is unpacked, piece by piece, so that a small
    answer never becomes a large one in memory.

    Raises:
        TooLargeError: there is more.
        ServerError: the answer has another encoding, or cannot be unpacked.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise ServerError("the answer has an encoding, which was not asked for")
    pieces = response.iter_raw()
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


class _Budget:
    """What the answer to the present request may still take."""

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
    """A connection; see `_Budget`. A read that is cut short by the budget ends as overdue.

    What is written is sent when an answer is awaited: httpcore writes a request's head and its body
    apart, and server and client would wake up for each of them.
    """

    def __init__(self, stream: httpcore.NetworkStream, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._unsent = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        unsent, self._unsent = self._unsent, b""
        try:
            # A server may refuse a request before it has read it all, and hang up: its answer
            # counts.
            with suppress(httpcore.WriteError):
                for at in range(0, len(unsent), _PIECE_BYTES):
                    piece = unsent[at : at + _PIECE_BYTES]
                    self._stream.write(piece, self._budget.seconds_left(timeout))
            seconds = self._budget.seconds_left(timeout)
            return self._budget.take(self._stream.read(max_bytes, seconds))
        except (httpcore.ReadTimeout, httpcore.WriteTimeout):
            self._budget.seconds_left(timeout)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  (read's)
        self._unsent += buffer

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return TlsStream(self, ssl_context, server_hostname, timeout)

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
