"""How far a long step is, on standard error: a bar on a terminal, and lines by time elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from kaiten_sync.cli.output import say
from kaiten_sync.model.ports import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

WORTH_A_BAR = 10
"""Parts of a step. Fewer are over before anyone looks."""

FIRST_LINE_S = 2.0
"""Seconds after which a person begins to wonder."""

NEXT_LINE_S = 15.0
"""Seconds between lines: enough for a CI system to see that the job lives, and a short log."""

WAITING = "waiting for the server"
"""What a command does that asks one, whenever nothing else is known."""

WORKING = "working"
"""What it does instead while the process computes, as it does for a large catalog."""

_META = f"{__name__}.heartbeat"


def terminal_progress(*, has_bar: bool, is_offline: bool = False) -> Progress:
    """Progress of the command that runs now; it ends with the command."""
    context = click.get_current_context()
    between = "reading" if is_offline else WAITING
    heartbeat = Heartbeat(say, has_bar=has_bar and sys.stderr.isatty(), between=between)
    context.meta[_META] = heartbeat
    context.call_on_close(heartbeat.stop)
    return heartbeat


@contextmanager
def nothing_said() -> Iterator[None]:
    """While a person is asked: nothing is under way, and no line comes between."""
    heartbeat = click.get_current_context().meta.get(_META)
    if not isinstance(heartbeat, Heartbeat):
        yield
        return
    heartbeat.pause()
    try:
        yield
    finally:
        heartbeat.go_on()


class Heartbeat:
    """Says what is being done whenever nothing has been heard for a while.

    It goes by time, not by the number of parts: a server that does not answer has a reader who
    waits as well. A bar takes the place of lines while it is drawn.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        has_bar: bool,
        between: str = WAITING,
        first_s: float = FIRST_LINE_S,
        next_s: float = NEXT_LINE_S,
        computed_s: Callable[[], float] = time.process_time,
    ) -> None:
        self._write = write
        self._has_bar = has_bar
        self._first_s, self._next_s = first_s, next_s
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._between = between  # steps
        self._what, self._done, self._total = between, 0, 0
        self._began_at = time.monotonic()
        self._computed_s = computed_s
        self._is_paused = False
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        # A daemon: no progress is a reason to keep a process alive.
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def begin(self, what: str, total: int) -> None:
        """Start a step, with a bar if it is worth one."""
        self._what, self._done, self._total = what[:1].lower() + what[1:], 0, total
        if not self._has_bar or total < WORTH_A_BAR:
            return
        from rich.console import Console
        from rich.progress import Progress as Bar

        self._bar = Bar(
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,  # it is for results
        )
        self._bar.start()
        self._task = self._bar.add_task(what, total=total)

    def advance(self) -> None:
        """One more part is done."""
        # Workers finish side by side, and adding one is not a single step in Python.
        with self._lock:
            self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)

    def end(self) -> None:
        """Take the bar away; whatever comes next has no name yet."""
        self._what, self._total = self._between, 0
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def pause(self) -> None:
        """Say nothing until `go_on`."""
        self._is_paused = True

    def go_on(self) -> None:
        """Say something again when it is time."""
        self._is_paused = False

    def stop(self) -> None:
        """Say nothing any more."""
        self.end()
        # Joined, so that no line comes after the last line of the command.
        self._is_over.set()
        self._thread.join()

    def _beat(self) -> None:
        wait_s = self._first_s
        computed_s = self._computed_s()
        while not self._is_over.wait(wait_s):
            is_computing = self._computed_s() - computed_s > wait_s / 2
            wait_s, computed_s = self._next_s, self._computed_s()
            if self._bar is None and not self._is_paused:
                far = f": {self._done:,} of {self._total:,}" if self._total else ""
                what = WORKING if is_computing and self._what == WAITING else self._what
                self._write(f"{what}{far} ({time.monotonic() - self._began_at:.0f} s)")
