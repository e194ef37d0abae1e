"""Applying: the question, the interruption, the result."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.output import print_json, print_result, say, use_color
from kaiten_sync.cli.planning import Request
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.errors import RefusedError, UsageError
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Catalog
from kaiten_sync.pipeline import apply_plan
from kaiten_sync.plan.plan_file import check_target


def check_source(request: Request) -> None:
    """A target may insist on a reviewed plan file.

    Raises:
        RefusedError: it does, and there is none.
    """
    if request.connection.require_plan:
        name = request.connection.target.name
        raise RefusedError(
            f"target {name} takes reviewed plan files only (requirePlan)",
            hint=f"kaiten-sync plan -t {name} -o FILE, have it reviewed, then apply FILE",
        )


def ask(plan: Plan) -> None:
    """Ask the person on the terminal.

    Raises:
        UsageError: there is no person to ask. click.Abort: the answer is no.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody is here to approve the plan",
            hint="pass --yes, or write a plan with `plan -o FILE` and apply that",
        )
    click.confirm(f"Apply to {plan.target.name} at {plan.target.url}?", abort=True, err=True)


def finish(plan: Plan, request: Request, catalog: Catalog, output_format: str) -> int:
    """Apply, print the result, and give the exit code."""
    check_target(plan, request.connection.target)
    with _first_interrupt_finishes() as stopped:
        result = apply_plan(plan, catalog, progress=terminal_progress(), is_stopped=stopped.is_set)
    _print(result, output_format)
    return _code(result)


def _print(result: ApplyResult, output_format: str) -> None:
    if output_format == "json":
        from kaiten_sync.report.apply_json import apply_json

        print_json(apply_json(result))
    else:
        from kaiten_sync.report.apply_text import apply_text

        print_result(apply_text(result, color=use_color(sys.stdout)))


def _code(result: ApplyResult) -> ExitCode:
    if result.is_complete:
        return ExitCode.OK
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.changed_anything:
        return ExitCode.PARTLY_APPLIED
    return ExitCode.NO_ACCESS if result.access_error else ExitCode.FAILED


@contextmanager
def _first_interrupt_finishes() -> Iterator[Event]:
    """The first Ctrl-C asks to finish what is under way; the second stops at once."""
    stopped = Event()

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        say("stopping: finishing what is under way (Ctrl-C again stops at once)")

    previous = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, previous)
