"""Several worker processes behind one port: starts them, keeps them alive, stops them all."""

from __future__ import annotations

import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from uvicorn import Config
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess

log = logging.getLogger(__name__)

_LOOK_S = 0.05
"""How often a start looks whether a worker answers."""

_EXIT_S = 2
"""What a worker may take to end, on top of the time for requests under way, before it is killed."""


class Supervisor(Multiprocess):
    """Runs until SIGINT, SIGTERM or SIGHUP, or until a worker cannot start.

    `when_ready` is called once, when the first worker answers.
    """

    def __init__(
        self, config: Config, listener: socket.socket, when_ready: Callable[[], None]
    ) -> None:
        self._handlers: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
        self._when_ready = when_ready
        super().__init__(config, [listener])
        for number, handler in self._handlers.items():
            if handler is signal.SIG_IGN:  # as nohup wants it
                signal.signal(number, handler)

    def run(self) -> None:
        """Run, and restore the handlers of signals afterwards."""
        try:
            super().run()
        except BaseException:
            # Python waits for all processes before it exits, so they have to end.
            self.terminate_all()
            self.join_all()
            raise
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    @property
    def has_failed(self) -> bool:
        """Whether it ended because a worker could not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)

    def init_processes(self) -> None:
        """Start the workers and wait for the first that answers."""
        with self._starting():
            super().init_processes()
        while not self.should_exit.wait(_LOOK_S):
            self.handle_signals()
            self.keep_subprocess_alive()
            if any(process.is_ready() for process in self.processes):
                self._when_ready()
                return

    def keep_subprocess_alive(self) -> None:
        """Start a worker for each that ended, and say so."""
        before = [process.pid for process in self.processes]
        with self._starting():
            super().keep_subprocess_alive()
        for old, process in zip(before, self.processes, strict=True):
            if process.pid != old:
                log.error("worker %s ended; worker %s takes its place", old, process.pid)

    def join_all(self) -> None:
        """Wait until all workers have ended; one that does not end in time is killed."""
        deadline = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + _EXIT_S
        for worker in self.processes:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                log.error("worker %s does not end and is killed", worker.pid)
                worker.process.kill()
                worker.process.join()

    def handle_signals(self) -> None:
        """Do what the signals that came in ask for."""
        with self._starting():
            super().handle_signals()

    def handle_hup(self) -> None:
        """Stop: the terminal is gone, as it is for a server of one process."""
        self.should_exit.set()

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Around what may start workers.

        They inherit that Ctrl-C, which a terminal sends to all processes, does not reach them: it
        is for the supervisor to stop them. And theirs must be the only hold on their end of the
        pipe, or else nobody would notice that they let go of it.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            for worker in self.processes:
                worker.child_conn.close()
