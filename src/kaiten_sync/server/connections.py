"""Connections of the server: how many there may be, and how long each may keep it waiting.

uvicorn has no limit for the time that the head of a request takes, and its limit of connections
counts idle ones: whoever opens enough of them and says nothing would stop the server.
"""

from __future__ import annotations

import asyncio
import logging
import math
import resource
import time
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)

HEAD_S = 15
"""Seconds that a connection may take until the head of a request is complete, from its beginning or
from the last answer on."""

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

_LENGTHS = {b"content-length", b"transfer-encoding"}
"""A request with both is read one way here, and may be read the other way by a proxy: what follows
it could then be somebody else's. Source: RFC 9112, section 6.1."""

_REPORT_EVERY_S = 60
"""A server under attack must not fill the disk with its log."""


def most_connections() -> int:
    """How many connections the limit of open files of this process leaves room for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _MOST
    return max(_FEWEST, min(_MOST, soft - _OTHER_FILES))


class BoundedConnection(H11Protocol):
    """A connection that ends when its client takes too long.

    If there are too many, the one that waits longest for its client is closed. If all of them wait
    for the server, the new one is refused.
    """

    _reported_s: ClassVar[float] = -math.inf

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._most = most_connections()
        self._deadline: asyncio.TimerHandle | None = None
        self._since_s = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, if there is room."""
        super().connection_made(transport)
        self._allow(HEAD_S)
        if len(self.connections) > self._most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Read what has come; once a head is complete, the time for its request begins."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.cycle.response_complete:
            self._allow(REQUEST_S)
            if {name for name, _ in self.headers} >= _LENGTHS:
                self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._allow(HEAD_S)
        super().on_response_complete()

    @property
    def _waits_for_client(self) -> bool:
        if self.cycle is None or self.cycle.response_complete:
            return True
        return self.cycle.more_body or self.flow.write_paused

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
        self.transport.write(
            b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
            b"Connection: close\r\n\r\n"
        )
        self.transport.close()
