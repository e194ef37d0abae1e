"""Planning as `plan` and `apply` share it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.bootstrap import Connection
from kaiten_sync.cli.output import say, terminal_width, use_color, write_file
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.cli.session import source_of
from kaiten_sync.errors import PlanFileError, RefusedError, UsageError
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import CatalogReader
from kaiten_sync.model.settings import Policy, Project, Scope
from kaiten_sync.pipeline import load, make_plan
from kaiten_sync.plan.build import Proposal
from kaiten_sync.plan.plan_file import read_plan, write_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to plan, and against what."""

    files: Sequence[str]
    project: Project | None
    connection: Connection
    policy: Policy


def plan_for(request: Request, catalog: CatalogReader) -> Proposal:
    """Load the declaration and plan it. Raises as `pipeline.load` and `make_plan` do."""
    source = source_of(request.files, request.project, request.connection.overlays)
    return make_plan(
        load(source),
        catalog,
        target=request.connection.target,
        scope=request.project.scope if request.project else Scope(),
        policy=request.policy,
        progress=terminal_progress(),
    )


def refuse(proposal: Proposal) -> None:
    """Stop when a guard found something.

    Raises:
        RefusedError: with every finding.
    """
    if proposal.refusals:
        raise RefusedError(
            "the plan is refused",
            proposal.refusals,
            hint="nothing was written; change the declaration or the policy and plan again",
        )


def render_plan(plan: Plan, output_format: str) -> str:
    """A plan in one of the formats of `plan` and `show`."""
    match output_format:
        case "json":
            return write_plan(plan).decode()
        case "markdown":
            from kaiten_sync.report.plan_markdown import plan_markdown

            return plan_markdown(plan)
        case "html":
            from kaiten_sync.report.plan_html import plan_html

            return plan_html(plan)
        case _:
            from kaiten_sync.report.plan_text import plan_text

            return plan_text(plan, color=use_color(sys.stdout), width=terminal_width())


def write_plan_file(plan: Plan, path: str) -> None:
    """Write the plan file and say what to do with it."""
    write_file(Path(path), write_plan(plan))
    say(f"wrote {path}; apply it with: kaiten-sync apply {path}")


def read_plan_file(path: str) -> Plan:
    """Read a plan file; `-` is standard input.

    Raises:
        PlanFileError: it is none. UsageError: it cannot be read.
    """
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    try:
        return read_plan(content)
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {error.message}", hint=error.hint) from error
