"""Applying: the question, the interruption, the result."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from types import FrameType

import click

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.options import PolicyChoice
from kaiten_sync.cli.output import look_of, print_result, say
from kaiten_sync.cli.planning import Request
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.cli.receipt import Receipt
from kaiten_sync.cli.session import source_of
from kaiten_sync.errors import KaitenSyncError, RefusedError, UsageError
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Catalog, Journal
from kaiten_sync.pipeline import apply_plan, load
from kaiten_sync.plan.made_from import not_made_from
from kaiten_sync.plan.plan_file import check_target
from kaiten_sync.report import formats

_STOPS = (signal.SIGINT, signal.SIGTERM)


def check_options(
    plan_path: str | None,
    *,
    files: Sequence[str],
    limits: PolicyChoice,
    catalog: Sequence[str],
    receipt: str | None,
) -> None:
    """A plan file says itself what it may do, and an option that does nothing is a mistake.

    Raises:
        UsageError: the command line would say it again, or would overwrite the plan.
    """
    if plan_path is None:
        if catalog:
            raise UsageError(
                "--catalog is compared with a plan file, and none is named",
                hint="name the plan file; -f names the catalog to plan from",
            )
        return
    given = [option for option, value in _planning_options(files, limits) if value]
    if given:
        raise UsageError(
            f"for planning only, and here is a plan already: {', '.join(given)}",
            hint="what may be done stands in the plan: make it again with `plan`;"
            " --catalog makes sure of its catalog",
        )
    if receipt is not None and os.path.realpath(receipt) == os.path.realpath(plan_path):
        raise UsageError(f"the receipt would overwrite the plan {plan_path}")


def _planning_options(
    files: Sequence[str], limits: PolicyChoice
) -> Iterator[tuple[str, object | None]]:
    yield "-f", files
    yield "--prune", limits.prune
    yield "--previous", limits.previous
    yield "--allow", limits.allow
    yield "--max-deletes", limits.max_deletes
    yield "--max-updates", limits.max_updates


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


def check_made_from(plan: Plan, request: Request, paths: Sequence[str]) -> None:
    """Make sure that a plan was made from the catalog that stands beside it.

    Raises:
        RefusedError: it was made from another state of it. DeclarationError: it is wrong.
    """
    if not paths:
        return
    source = source_of(paths, request.project, request.connection.overlays)
    differences = not_made_from(plan, load(source))
    if differences:
        raise RefusedError(
            "the plan was not made from this catalog",
            differences,
            hint="make the plan again and have it reviewed",
        )


def finish(
    plan: Plan, request: Request, catalog: Catalog, output_format: str, receipt: str | None = None
) -> int:
    """Apply, print the result, and give the exit code."""
    check_target(plan, request.connection.target)
    result = _apply(plan, catalog) if receipt is None else _apply_with(receipt, plan, catalog)
    print_result(formats.APPLY[output_format](result, look_of(sys.stdout)))
    return _code(result)


def _apply_with(path: str, plan: Plan, catalog: Catalog) -> ApplyResult:
    """Apply, and leave a receipt however it ends."""
    receipt = Receipt(path, plan)
    try:
        result = _apply(plan, catalog, receipt)
    except KaitenSyncError as error:
        receipt.close(error)
        raise
    receipt.close(result)
    return result


def _apply(plan: Plan, catalog: Catalog, journal: Journal | None = None) -> ApplyResult:
    with _first_interrupt_finishes() as stopped:
        return apply_plan(
            plan,
            catalog,
            progress=terminal_progress(),
            is_stopped=stopped.is_set,
            journal=journal,
        )


def _code(result: ApplyResult) -> ExitCode:
    if result.is_complete:
        return ExitCode.OK
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.changed_anything:
        return ExitCode.PARTLY_APPLIED
    if result.access_error:
        return ExitCode.NO_ACCESS
    return ExitCode.REFUSED if result.is_refused else ExitCode.FAILED


@contextmanager
def _first_interrupt_finishes() -> Iterator[Event]:
    """The first Ctrl-C asks to finish what is under way; the second stops at once.

    SIGTERM, which is how CI systems and process managers ask, counts as Ctrl-C.
    """
    stopped = Event()

    def on_interrupt(_signal: int, _frame: FrameType | None) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()
        say("stopping: finishing what is under way (Ctrl-C again stops at once)")

    previous = {each: signal.signal(each, on_interrupt) for each in _STOPS}
    try:
        yield stopped
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
