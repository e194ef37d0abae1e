"""A progress bar on standard error, on a terminal only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from kaiten_sync.model.ports import NoProgress, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

WORTH_A_BAR = 10
"""Fewer parts than this are over before anyone looks."""


def terminal_progress() -> Progress:
    """A bar where a person watches, silence elsewhere."""
    return RichProgress() if sys.stderr.isatty() else NoProgress()


class RichProgress:
    """Draws one bar per step."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        """Start a bar, if the step is worth one."""
        if total < WORTH_A_BAR:
            return
        from rich.console import Console
        from rich.progress import Progress as Bar

        self._bar = Bar(console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task(what, total=total)

    def advance(self) -> None:
        """Move the bar."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
