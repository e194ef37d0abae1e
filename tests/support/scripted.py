"""A real HTTP server on loopback that answers what a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """What goes back. `hang_up` closes the connection instead, after `sent` bytes of body."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hang_up: bool = False

    @property
    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass
class Scripted:
    """A running server: its URL and everything that arrived."""

    url: str
    requests: list[Request]


@contextmanager
def scripted(
    answer: Callable[[Request], Reply], tls: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    """Serve a function of requests, over https if there is a certificate to show."""
    requests: list[Request] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            request = Request(
                self.command,
                self.path,
                {key.lower(): value for key, value in self.headers.items()},
                json.loads(body) if body else None,
            )
            requests.append(request)
            reply = answer(request)
            if reply.hang_up:
                self.close_connection = True
                self.connection.close()
                return
            if "date" in reply.headers:  # a server whose clock is wrong
                self.send_response_only(reply.status)
            else:
                self.send_response(reply.status)
            kind = "application/json" if reply.status < 400 else "application/problem+json"
            headers = {"content-type": kind, **reply.headers}
            headers.setdefault("content-length", str(len(reply.content)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(reply.content)

        do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

        def log_message(self, *_args: object) -> None:
            pass

        def finish(self) -> None:
            with suppress(OSError, ValueError):  # the test hung up
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client refused us
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        scheme = "http" if tls is None else "https"
        yield Scripted(f"{scheme}://127.0.0.1:{server.server_address[1]}", requests)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
