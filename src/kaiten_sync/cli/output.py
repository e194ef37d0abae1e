"""Standard output for results, standard error for everything else."""

from __future__ import annotations

import difflib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

import click

from kaiten_sync.cli.impact_options import may_name
from kaiten_sync.cli.next_command import make_pasteable
from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.report.views import Look

if TYPE_CHECKING:
    from kaiten_sync.jobs.adopting import FileChange


def use_color(stream: TextIO) -> bool:
    """Color on a terminal that has it, or by FORCE_COLOR; never with NO_COLOR (no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):  # some CI systems show colors
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def terminal_width() -> int:
    """Columns to lay text out for; 100 if there is no terminal."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def look_of(stream: TextIO) -> Look:
    """How text for people looks on a stream."""
    return Look(color=use_color(stream), width=terminal_width())


def print_result(text: str) -> None:
    """Write a result to standard output, ended by a line break unless it is empty."""
    click.echo(text, nl=not text.endswith("\n") and text != "", color=True)


def say(text: str) -> None:
    """Write a line for the person that is not the result."""
    from kaiten_sync.report.safe_text import safe_text

    click.echo(safe_text(text), err=True)


def make_sayable(error: KaitenSyncError, run: click.Context | None) -> None:
    """Take out names that are not to be shown, and complete the commands that an error advises.

    `run` is the whole run, if its command has ended.
    """
    if not may_name(run or click.get_current_context()):
        from kaiten_sync.jobs.nameless import Nameless

        Nameless().error(error)
    make_pasteable(error, run)


def say_failure(error: KaitenSyncError) -> None:
    """Write an error to standard error: what happened, to what, and what to do next."""
    from kaiten_sync.report.failure import failure_text

    click.echo(failure_text(error, look_of(sys.stderr)), nl=False, err=True)


class TerminalNotices:
    """Writes notices to standard error. Without `is_named` they name no holder."""

    def __init__(self, *, is_named: bool = True) -> None:
        self._is_named = is_named

    def notify(self, text: str) -> None:
        """Write one line."""
        from kaiten_sync.cli.next_command import pasteable

        text = pasteable(text)
        if not self._is_named:
            from kaiten_sync.jobs.nameless import Nameless

            text = Nameless().text(text)
        say(text)


def file_diff(changes: Sequence[FileChange]) -> Iterator[str]:
    """The changes as `diff -u` shows them, line by line.

    A text of a server can be in them, so they are for reading: what a terminal or a CI system would
    obey is replaced.
    """
    from kaiten_sync.report.safe_text import safe_text

    for change in changes:
        for line in difflib.unified_diff(
            (change.before or b"").decode().splitlines(keepends=True),
            change.after.decode().splitlines(keepends=True),
            change.shown if change.before is not None else "/dev/null",
            change.shown,
        ):
            yield safe_text(line.rstrip("\r\n"), in_place=True) + "\n"
