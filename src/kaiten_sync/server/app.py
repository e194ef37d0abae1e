"""Puts the server together and runs it: the only module that others start it through."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette

from kaiten_sync.server.db.engine import Database, open_engine
from kaiten_sync.server.db.migrate import migrate
from kaiten_sync.server.service.tenancy import bootstrap, check_chosen_token
from kaiten_sync.server.settings import ServerSettings, ServerStartError, default_database_url
from kaiten_sync.server.web.dispatch import Surroundings
from kaiten_sync.server.web.routes import build_app

__all__ = [
    "Prepared",
    "ServerSettings",
    "ServerStartError",
    "Started",
    "create_app",
    "prepare",
    "running",
    "serve",
]

_SHUTDOWN_S = 5
"""How long requests under way may take to finish after a stop is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A server that could start: its application on a migrated database.

    `new_token` is the first organisation's token, if this start made it. It is nowhere else.
    """

    app: Starlette
    database: Database
    new_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A server that listens. `new_token` as in `Prepared`; show it once, keep it nowhere."""

    url: str
    new_token: str | None


def prepare(settings: ServerSettings) -> Prepared:
    """Open the database, bring it up to date, make sure that a token opens it.

    Raises:
        ServerStartError: one of these cannot be done.
    """
    if settings.bootstrap_token is not None:
        check_chosen_token(settings.bootstrap_token)  # before any file is made
    database = open_engine(settings.database_url or default_database_url())
    try:
        migrate(database)
        with database.writing() as connection:
            now_ms = time.time_ns() // 1_000_000
            new_token = bootstrap(connection, settings.bootstrap_token, now_ms)
    except BaseException:
        database.close()
        raise
    return Prepared(
        app=build_app(Surroundings(database=database)), database=database, new_token=new_token
    )


def create_app(settings: ServerSettings) -> Starlette:
    """The ASGI application alone, for a server of one's own. Raises as `prepare` does."""
    return prepare(settings).app


def serve(
    settings: ServerSettings, host: str, port: int, on_ready: Callable[[Started], None]
) -> None:
    """Serve until SIGINT or SIGTERM; then finish what is under way and return.

    `on_ready` is called once, when connections are accepted. Port 0 picks a free one.

    Raises:
        ServerStartError: the database cannot be used, or the address not be listened on.
    """
    with _listening(settings, host, port) as (server, listener, started):
        server.when_ready = lambda: on_ready(started)
        server.run(sockets=[listener])


@contextlib.contextmanager
def running(settings: ServerSettings, host: str = "127.0.0.1", port: int = 0) -> Iterator[Started]:
    """A server in a thread of this process, for as long as the body runs. Raises as `serve`."""
    ready = threading.Event()
    with _listening(settings, host, port) as (server, listener, started):
        server.when_ready = ready.set
        thread = threading.Thread(target=server.run, args=([listener],), name="kaiten-server")
        thread.start()
        try:
            while not ready.wait(timeout=0.1):
                if not thread.is_alive():
                    raise ServerStartError("the server stopped while it started")
            yield started
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A server that says when it listens, and that ends like a function when it is stopped."""

    when_ready: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.when_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signal again when it is done; the caller decides that here.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        stops = (signal.SIGINT, signal.SIGTERM)
        before: dict[signal.Signals, Any] = {s: signal.signal(s, self.handle_exit) for s in stops}
        try:
            yield
        finally:
            for stop, handler in before.items():
                signal.signal(stop, handler)


@contextlib.contextmanager
def _listening(
    settings: ServerSettings, host: str, port: int
) -> Iterator[tuple[_Server, socket.socket, Started]]:
    # The port first: a second server on it must not touch the database.
    with contextlib.closing(_bind(host, port)) as listener:
        prepared = prepare(settings)
        try:
            config = uvicorn.Config(
                prepared.app,
                access_log=False,
                log_config=None,
                log_level="critical",  # failures are logged by us, with their errorId
                lifespan="off",
                timeout_graceful_shutdown=_SHUTDOWN_S,
            )
            started = Started(url=_url(host, listener), new_token=prepared.new_token)
            yield _Server(config), listener, started
        finally:
            prepared.database.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches off Nagle's algorithm only where it is: small
    # answers would otherwise wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(socket.SOMAXCONN)
    except (OSError, OverflowError) as error:
        listener.close()
        raise ServerStartError(
            f"cannot listen on {host} port {port}: {error}", hint="choose another --port"
        ) from error
    return listener


def _url(host: str, listener: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
