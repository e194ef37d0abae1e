"""Somebody who receives webhooks: a real HTTP server on loopback that answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.support.processes import HANG_S


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that came in."""

    path: str
    headers: dict[str, str]
    body: bytes


Behave = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers a request; the number counts the requests from zero."""


def answer(status: int, **headers: str) -> Behave:
    """Always this status."""

    def behave(handler: BaseHTTPRequestHandler, _number: int) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


class Receiver:
    """Receives while its `with` block runs. `behave` may be changed at any time."""

    def __init__(self, behave: Behave | None = None, port: int = 0) -> None:
        self.behave = behave or answer(204)
        self.stopped = threading.Event()
        self._deliveries: list[Delivery] = []
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
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
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def deliveries(self) -> list[Delivery]:
        with self._changed:
            return list(self._deliveries)

    def wait_for(self, count: int) -> list[Delivery]:
        """The deliveries, when there are that many."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._deliveries) >= count, HANG_S):
                raise AssertionError(f"{len(self._deliveries)} of {count} deliveries came")
            return list(self._deliveries)

    def take(self, delivery: Delivery) -> int:
        with self._changed:
            self._deliveries.append(delivery)
            self._changed.notify_all()
            return len(self._deliveries) - 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: Receiver

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that gives up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        number = self.server.receiver.take(Delivery(self.path, headers, body))
        self.server.receiver.behave(self, number)

    def do_GET(self) -> None:
        raise AssertionError("a redirect was followed")

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""
