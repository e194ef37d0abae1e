"""Connections of the server: how many there may be, and how long each may keep it waiting.

uvicorn has no limit for the time and the size of a request's head, and its limit of connections
counts idle ones: whoever opens enough of them and says nothing would stop the server.
"""

from __future__ import annotations

import asyncio
import logging
import math
import resource
import time
from http import HTTPStatus
from ipaddress import IPv6Address
from typing import Any, ClassVar

import httptools
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kaiten_sync.server.web.problems import problem

log = logging.getLogger(__name__)

HEAD_S = 15
"""Seconds that a connection may take until the head of a request is complete, from its beginning or
from the last answer on."""

PROXY_IDLE_S = 620
"""Seconds that a connection of a trusted proxy may be idle: longer than proxies keep one, such as
60 (nginx, AWS), 90 (Traefik), 120 (Caddy) or 600 (Google). Otherwise a proxy may send a report on a
connection that is just being closed, and then answers with 502, since it must not repeat it."""

REQUEST_S = 120
"""Seconds that a request may take, its body, its answer, and the client that reads it included."""

ACCEPTED_AT_ONCE = 32
"""Connections that are accepted before the first of them is looked at; the system queues others."""

_MOST = 1000
"""Connections, however many files may be open: each costs memory and a timer."""

_FEWEST = 16
"""Connections, however few files may be open: a server that accepts none answers nobody."""

_OTHER_FILES = 2 * ACCEPTED_AT_ONCE + 3 * 40 + 64 + 32
"""Open files that are not connections: those accepted meanwhile, three for each connection to
SQLite, webhooks under way, and what Python itself opens."""

MAX_HEAD = 65_536
"""Bytes of a request's head, and of what a body has beside itself: trailers, chunk extensions."""

MAX_AHEAD = 32
"""Requests that a client may send before the first of them is answered; each costs memory. Of more,
these are answered, and the connection ends."""

_TOO_LARGE = f"the head of a request has at most {MAX_HEAD:,} bytes"

_REPORT_EVERY_S = 60
"""A server under attack must not fill the disk with its log."""


def most_connections() -> int:
    """How many connections the limit of open files of this process leaves room for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, soft - _OTHER_FILES))


def plain_address(address: str) -> str:
    """An address of IPv4 as such, also if a socket for IPv6 shows it as `::ffff:10.0.0.5`."""
    try:
        inner = IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return address if inner is None else str(inner)


class _HeadError(Exception):
    """A head that is not answered: its text is the detail of a 400."""


class BoundedConnection(HttpToolsProtocol):
    """A connection that ends when its client takes too long or sends what nobody can read.

    If there are too many, the one that waits longest for its client is closed. If all of them wait
    for the server, the new one is refused.
    """

    _reported_s: ClassVar[float] = -math.inf

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._most = most_connections()
        self._deadline: asyncio.TimerHandle | None = None
        self._silence_s: float = HEAD_S
        self._since_s = 0.0
        self._unread = 0
        self._has_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is room."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain_address(self.client[0]), self.client[1])
        if self._is_of_proxy:
            self._silence_s = self.timeout_keep_alive = PROXY_IDLE_S
        self._allow(self._silence_s)
        if len(self.connections) > self._most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come. The parser keeps a field until it is complete, however long it is."""
        self._unread += len(data)
        self._unset_keepalive_if_required()
        try:
            while data:
                data = self._read(data)
        except httptools.HttpParserError as error:
            self.send_400_response(_detail_of(error))
        else:
            if self._unread > MAX_HEAD and not self.transport.is_closing():
                self.send_400_response(_TOO_LARGE)

    def _read(self, data: bytes) -> bytes:
        """Read up to the first head that offers another protocol; what is left of the data."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            # Such an offer may be declined, and clients make it beside a body (RFC 9110, section
            # 7.8), of which the parser takes no notice. So the request is read without the offer.
            left = data[offer.args[0] :]
            fields = [b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade"]
            line = b"%b %b HTTP/%b\r\n" % (
                self.parser.get_method(),
                self.url,
                self.parser.get_http_version().encode(),
            )
            self._start_parser()
            self.parser.feed_data(b"".join([line, *fields, b"\r\n"]))
            return left
        return b""

    def _start_parser(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        # As uvicorn does: whoever sends more after the last request gets the answer to that one.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def on_message_begin(self) -> None:
        """Begin with another request."""
        super().on_message_begin()
        self._has_head = False
        if self._is_of_proxy and self._waits_for_client:
            self._allow(HEAD_S)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field of the head. A trailer, which no proxy has looked at, is none."""
        if not self._has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to answer; the time for the request begins too."""
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise _HeadError("this server is not a proxy, so there is no CONNECT")
            return  # the request begins again without the offer
        self._unread = 0
        self._has_head = True
        self._check_head()
        super().on_headers_complete()
        self._allow(REQUEST_S)

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        if self._has_head:
            self._unread = 0
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or answer it if it is here already."""
        self._allow(REQUEST_S if self.pipeline else self._silence_s)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what has come, after the answers to the requests before it."""
        if self.cycle is None or self.cycle.response_complete:
            self._end_with(400, "BAD_REQUEST", msg)
        elif not self.cycle.more_body:
            self.cycle.keep_alive = False
        elif self.pipeline or self.cycle.response_started:
            self.transport.abort()  # a refusal would be read as the answer to something else
        else:
            self._end_with(400, "BAD_REQUEST", msg)

    def _end_with(self, status: int, code: str, detail: str, **headers: str) -> None:
        """Answer with a problem document, as the application does, and close the connection."""
        fields = {"Connection": "close", **headers}
        answer = problem(status, None, code=code, detail=detail, headers=fields)
        lines = [b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode())]
        lines += [b"%b: %b" % field for field in answer.raw_headers]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()

    def _check_head(self) -> None:
        """Refuse what the parser accepts. Source: RFC 9112, section 3.2, for the host."""
        if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > MAX_HEAD:
            raise _HeadError(_TOO_LARGE)
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            raise _HeadError("a request has one Host header")
        if len(self.pipeline) >= MAX_AHEAD:
            raise _HeadError(
                f"at most {MAX_AHEAD} requests may be sent before the first is answered"
            )

    @property
    def _is_of_proxy(self) -> bool:
        is_told = isinstance(self.app, ProxyHeadersMiddleware)
        return is_told and self.client is not None and self.client[0] in self.app.trusted_hosts

    @property
    def _waits_for_client(self) -> bool:
        if self.cycle is None or self.cycle.response_complete:
            return True
        is_in_body = self.cycle.more_body and not self.pipeline
        return is_in_body or self.flow.write_paused

    def _allow(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._since_s = time.monotonic()  # the loop counts in milliseconds: two may be alike
        self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _make_room(self) -> None:
        now_s = time.monotonic()
        if now_s - BoundedConnection._reported_s >= _REPORT_EVERY_S:
            BoundedConnection._reported_s = now_s
            log.warning(
                "%d connections are open, the most that the limit of open files allows;"
                " those that wait longest for their client are closed",
                self._most,
            )
        others = [each for each in self.connections if each is not self]
        waiting = [
            each
            for each in others
            if isinstance(each, BoundedConnection) and each._waits_for_client
        ]
        if waiting:
            longest = min(waiting, key=lambda each: each._since_s)
            self.connections.discard(longest)
            longest.transport.abort()
            return
        detail = "too many connections are open; try again"
        self._end_with(503, "UNAVAILABLE", detail, **{"Retry-After": "1"})


def _detail_of(error: httptools.HttpParserError) -> str:
    """What the parser found wrong, to read. Its texts are constants."""
    if isinstance(error.__context__, _HeadError):
        return str(error.__context__)
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        return "this server does not know the method; methods are in capitals, such as GET"
    return f"the request is not valid HTTP: {error}"
