"""Puts the server together and runs it: the only module through which others start it."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import uvicorn
from starlette.applications import Starlette

from kaiten_sync.server.connections import ACCEPTED_AT_ONCE, BoundedConnection, plain_address
from kaiten_sync.server.dashboard import dashboard, plan_maker
from kaiten_sync.server.db import Database, open_engine
from kaiten_sync.server.db.holding import DatabaseInUseError
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.migrate import migrate, unless_unusable
from kaiten_sync.server.db.webhooks import clear_leases
from kaiten_sync.server.events.delivery import DeliveryWorker
from kaiten_sync.server.events.sender import Sender
from kaiten_sync.server.service.tenancy import bootstrap, check_chosen_token
from kaiten_sync.server.settings import (
    PlanNotMadeError,
    ServerSettings,
    ServerStartError,
    default_database_url,
)
from kaiten_sync.server.supervisor import Supervisor
from kaiten_sync.server.web.last_use import LastUse
from kaiten_sync.server.web.routes import build_app
from kaiten_sync.server.web.transactions import Surroundings

__all__ = [
    "PlanNotMadeError",
    "Prepared",
    "ServerSettings",
    "ServerStartError",
    "Started",
    "create_app",
    "prepare",
    "running",
    "serve",
    "worker_app",
]

log = logging.getLogger(__name__)

_SHUTDOWN_S = 5
"""How long requests under way may take to finish after a stop is asked for."""

_HAND_OVER_S = _SHUTDOWN_S + 5
"""How long a start waits for a server on the same SQLite file that is asked to stop: as long as
that takes, with the deliveries of webhooks that are under way."""

_IDLE_S = 5
"""How long a connection stays open for another request: a page and its parts come within it, and
whoever opens many is rid of them soon."""

_SILENCE_S = 15
"""Time without a sign of life after which a worker counts as hung; a busy machine needs some
seconds to start one."""

_WORKER_SETTINGS = "KAITEN_SYNC_WORKER_SETTINGS"
"""The environment variable that hands the settings to workers. They hold a password, and others on
the machine can read command lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A server that could start: its application on a migrated database.

    `new_token` is the first organization's token, if this start made it. It is stored nowhere.
    """

    app: Starlette
    database: Database
    new_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A server that listens. `new_token` is that of `Prepared`: show it once, never store it.

    `database` is where its database is, without a password.
    """

    url: str
    database: str
    new_token: str | None


def prepare(settings: ServerSettings) -> Prepared:
    """Open the database, bring it up to date, and make sure that there is a valid token.

    Raises:
        ServerStartError: one of these cannot be done.
    """
    database, new_token = _prepare_database(settings)
    return Prepared(app=_application(database, settings), database=database, new_token=new_token)


def create_app(settings: ServerSettings) -> Starlette:
    """The ASGI application alone, for another ASGI server. Raises the errors of `prepare`."""
    return prepare(settings).app


def worker_app() -> Starlette:
    """The application of one of several worker processes, on a database that is prepared.

    The supervisor lets workers call this, and passes the settings in the environment.
    """
    settings = ServerSettings(**json.loads(os.environ[_WORKER_SETTINGS]))
    # Before the database is opened: a worker whose supervisor is gone would hold its connections
    # for ever.
    _end_with_supervisor()
    return _application(open_engine(settings.database_url or default_database_url()), settings)


def serve(
    settings: ServerSettings, host: str, port: int, on_ready: Callable[[Started], None]
) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP; then finish the requests under way and return.

    `on_ready` is called once, when connections are accepted. Port 0 picks a free one.

    Raises:
        ServerStartError: the database cannot be used, or the address not be listened on.
    """
    if settings.workers > 1:
        _serve_with_workers(settings, host, port, on_ready)
        return
    with _listening(settings, host, port) as (server, listener, started):
        server.when_ready = lambda: on_ready(started)
        server.run(sockets=[listener])
        if not server.started:
            raise _not_started()


@contextlib.contextmanager
def running(settings: ServerSettings, host: str = "127.0.0.1", port: int = 0) -> Iterator[Started]:
    """Run a server in a thread of this process while the body runs. Raises the errors of `serve`.

    It always has one worker.
    """
    ready = threading.Event()
    with _listening(settings, host, port) as (server, listener, started):
        server.when_ready = ready.set
        thread = threading.Thread(target=server.run, args=([listener],), name="kaiten-server")
        thread.start()
        try:
            # Not without a timeout: if the application cannot start, nobody sets the event.
            while not ready.wait(timeout=0.1):
                if not thread.is_alive():
                    raise _not_started()
            yield started
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    """A server that reports when it listens, and that returns when it is stopped."""

    when_ready: Callable[[], None] = staticmethod(lambda: None)

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        # The base class exits if the application cannot start; the caller looks at `started`.
        with contextlib.suppress(SystemExit):
            super().run(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            # asyncio uses one number for what it accepts at once and for the system's queue.
            listener.listen(socket.SOMAXCONN)
        if self.started:
            self.when_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signal again at the end; here the caller decides about that.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        stops = [
            each
            for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if signal.getsignal(each) is not signal.SIG_IGN  # shells ignore it for background jobs
        ]
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
            started = Started(
                url=_url(host, listener),
                database=prepared.database.shown,
                new_token=prepared.new_token,
            )
            yield _Server(_config(prepared.app, settings)), listener, started
        finally:
            prepared.database.close()


def _serve_with_workers(
    settings: ServerSettings, host: str, port: int, on_ready: Callable[[Started], None]
) -> None:
    with contextlib.closing(_bind(host, port)) as listener:
        database, new_token = _prepare_database(settings)
        database.close()  # the workers have connections of their own
        url, shown = _url(host, listener), database.shown
        started = Started(url=url, database=shown, new_token=new_token)
        config = _config(f"{__name__}:{worker_app.__name__}", settings)
        supervisor = Supervisor(config, listener, lambda: on_ready(started))
        with _handed_over(settings):
            supervisor.run()
        if supervisor.has_failed:
            raise _not_started()


def _config(app: Starlette | str, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=settings.workers if isinstance(app, str) else 1,
        # Named, because uvicorn's default is the environment's FORWARDED_ALLOW_IPS, or loopback.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=[plain_address(each) for each in settings.trusted_proxies],
        access_log=False,
        log_config=None,
        log_level="critical",  # failures are logged by us, with their errorId
        lifespan="on",
        server_header=False,  # nobody needs to know what answers, and each answer is shorter
        http=BoundedConnection,
        ws="none",
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        timeout_worker_healthcheck=_SILENCE_S,
    )


def _prepare_database(settings: ServerSettings) -> tuple[Database, str | None]:
    if settings.bootstrap_token is not None:
        check_chosen_token(settings.bootstrap_token)  # before any file is made
    named = None if settings.database_url is None else open_engine(settings.database_url)
    # SQLite lets one process write at a time: several workers would wait for each other.
    if settings.workers > 1 and (named is None or not named.is_postgresql):
        raise ServerStartError(
            "only PostgreSQL can be shared by several workers",
            hint="start with --workers 1, or with --database postgresql://...",
        )
    database = named or open_engine(default_database_url())  # which makes a folder
    try:
        _migrate_alone(database)
        with unless_unusable(database):
            database.stamp()
        with unless_unusable(database), database.writing() as connection:
            take_turn(connection, "bootstrap")  # another machine may start at the same time
            now_ms = time.time_ns() // 1_000_000
            new_token = bootstrap(
                connection, settings.bootstrap_token, now_ms, makes_token=settings.makes_token
            )
            if not database.is_postgresql:
                clear_leases(connection)  # elsewhere, another machine may be delivering
    except BaseException:
        database.close()
        raise
    return database, new_token


def _migrate_alone(database: Database) -> None:
    """Bring a database up to date once no other server has it, if it is one of SQLite."""
    try:
        migrate(database, before=database.hold)
    except DatabaseInUseError as error:
        log.warning("%s; waiting %d seconds for it to stop", error.message, _HAND_OVER_S)
        # Not inside the migration, which keeps others from writing: the other server finishes what
        # is under way.
        database.hold(_HAND_OVER_S)
        migrate(database)


def _application(database: Database, settings: ServerSettings) -> Starlette:
    sender = Sender(allow_private=settings.allow_private_webhooks)
    last_use = LastUse(database)
    surroundings = Surroundings(
        database=database,
        allow_private_webhooks=settings.allow_private_webhooks,
        note_use=last_use.note,
    )
    worker = DeliveryWorker(
        database, sender, surroundings.clock, reports_kept_days=settings.reports_kept_days
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # If deliveries cannot start, the server does not start either, and uvicorn logs nothing:
        # only this line says why.
        try:
            async with worker.running():
                with last_use.running():
                    yield
        except Exception:
            log.exception("the server cannot start or stop as it should")
            raise
        finally:
            database.close()

    awake = replace(surroundings, wake=worker.wake)
    return build_app(awake, lifespan, dashboard(awake, plan_maker(settings.plan_source)))


@contextlib.contextmanager
def _handed_over(settings: ServerSettings) -> Iterator[None]:
    """The settings in the environment, for the processes that start meanwhile."""
    # The database has the token by now; workers must not be able to show it.
    handed = asdict(replace(settings, bootstrap_token=None, makes_token=False))
    os.environ[_WORKER_SETTINGS] = json.dumps(handed)
    try:
        yield
    finally:
        del os.environ[_WORKER_SETTINGS]


def _end_with_supervisor() -> None:
    """Stop this process when its supervisor has ended: it would occupy the port for ever."""
    supervisor = multiprocessing.parent_process()
    if supervisor is None:
        return

    def wait() -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="kaiten-supervisor", daemon=True).start()


def _not_started() -> ServerStartError:
    return ServerStartError("the server stopped while it started", hint="the lines above say why")


_HOST_HINT = "--host is an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"


def _bind(host: str, port: int) -> socket.socket:
    if not host:  # the system would take it for all addresses of this machine
        raise ServerStartError("cannot listen: the host is empty", hint=_HOST_HINT)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches off Nagle's algorithm only if the protocol is named. With it, small answers
    # would wait 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(socket.SOMAXCONN)
    except (OSError, OverflowError, TypeError) as error:  # a name that cannot be encoded
        listener.close()
        is_about_port = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        raise ServerStartError(
            f"cannot listen on {host} port {port}: {error}",
            hint="choose another --port" if is_about_port else _HOST_HINT,
        ) from error
    return listener


def _url(host: str, listener: socket.socket) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
