"""How a person or a process manager stops a run from outside: SIGINT, SIGTERM and SIGHUP."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from kaiten_sync.immutable import Immutable

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, how CI systems and process managers ask, and a terminal that is closed."""


class TerminalStop(Immutable, frozen=True):
    """The first signal asks to finish what is under way; the second stops at once.

    A signal that is ignored when the run begins stays ignored: shells start background jobs with
    SIGINT ignored, so that a Ctrl-C meant for the job in front does not reach them.
    """

    notify: Callable[[str], None]

    @contextmanager
    def listening(self) -> Iterator[Callable[[], bool]]:
        """Note signals for as long as the body runs; then the dispositions are as before."""
        stopped = Event()

        def on_signal(number: int, _frame: FrameType | None) -> None:
            if stopped.is_set():
                if number == signal.SIGHUP:  # the kernel and the shell send one each
                    return
                raise KeyboardInterrupt
            stopped.set()
            self.notify("stopping: finishing what is under way (Ctrl-C again stops at once)")

        heard = [each for each in _STOPS if signal.getsignal(each) is not signal.SIG_IGN]
        previous = {each: signal.signal(each, on_signal) for each in heard}
        try:
            yield stopped.is_set
        finally:
            for each, handler in previous.items():
                signal.signal(each, handler)
