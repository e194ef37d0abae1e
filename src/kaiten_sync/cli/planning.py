"""Planning as `plan` and `apply` share it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.bootstrap import Connection, Flags
from kaiten_sync.cli.options import CatalogChoice, PolicyChoice
from kaiten_sync.cli.output import look_of, print_result, say, write_file
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.cli.session import connection_to, policy_of, source_of
from kaiten_sync.errors import PlanFileError, RefusedError, UsageError
from kaiten_sync.model.address import Address, parse_address
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import PlanReader
from kaiten_sync.model.settings import Policy, Project, Prune, Scope
from kaiten_sync.pipeline import load, make_plan
from kaiten_sync.plan.build import Proposal
from kaiten_sync.plan.plan_file import check_target, read_plan, write_plan
from kaiten_sync.report import formats

_NONE = "none"
"""Says that there is no previous plan, on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to plan, and against what."""

    files: Sequence[str]
    project: Project | None
    connection: Connection
    policy: Policy
    previous: Plan | None = None
    allowed: frozenset[Address] = frozenset()


def request_for(
    declaration: CatalogChoice,
    flags: Flags,
    limits: PolicyChoice,
    project: Project | None,
    out: str | None = None,
) -> Request:
    """What the options ask for, with the plan before: named, replaced by `out`, or committed.

    Raises:
        UsageError: options contradict each other, or name what is not there.
        PlanFileError: the previous plan is none, was edited, or is another target's.
        KaitenSyncError: as `bootstrap.connect` does.
    """
    connection = connection_to(flags, project)
    committed = committed_plan(project, connection.target.name)
    return Request(
        files=declaration.files,
        project=project,
        connection=connection,
        policy=policy_of(project, limits),
        previous=_previous_plan(limits, out, committed, connection.target),
        allowed=allowed_by(limits),
    )


def plan_for(request: Request, catalog: PlanReader) -> Proposal:
    """Load the declaration and plan it. Raises as `pipeline.load` and `make_plan` do."""
    source = source_of(request.files, request.project, request.connection.overlays)
    proposal = make_plan(
        load(source),
        catalog,
        target=request.connection.target,
        scope=request.project.scope if request.project else Scope(),
        policy=request.policy,
        progress=terminal_progress(),
        previous=request.previous,
        allowed=request.allowed,
    )
    for remark in proposal.remarks:
        say(remark)
    if request.policy.prune is Prune.OWNED and request.previous is None:
        say(
            f"no earlier plan of {request.connection.target.name} is known:"
            " what is not declared stays as it is"
        )
    return proposal


def committed_plan(project: Project | None, target: str) -> str | None:
    """Where a project usually has a target's plan, if it is there: `plans/TARGET.plan.json`."""
    if project is None:
        return None
    usual = Path(project.root) / "plans" / f"{target}.plan.json"
    if not usual.is_file():
        return None
    here = Path.cwd()
    return str(usual.relative_to(here) if usual.is_relative_to(here) else usual)


def _previous_plan(
    limits: PolicyChoice, out: str | None, committed: str | None, target: TargetRef
) -> Plan | None:
    """The target's plan before this one: the one that is named, or in `out`, or committed."""
    replaced = out if out is not None and Path(out).exists() else committed
    path = replaced if limits.previous is None else limits.previous
    if path in (None, _NONE):
        return None
    try:
        return read_plan_of(target, path)
    except PlanFileError as error:
        raise PlanFileError(
            error.message,
            hint="name the right one with --previous, or begin anew with --previous none:"
            " then nothing is deleted this time",
        ) from error


def read_plan_of(target: TargetRef, path: str) -> Plan:
    """A target's plan: a file, or `REV:PATH` in git.

    Raises:
        PlanFileError: it is no plan, was edited, or is another target's.
        UsageError: it cannot be read.
    """
    content = _read(path) if Path(path).exists() else _read_revision(path)
    try:
        plan = read_plan(content)
        check_target(plan, target)
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {error.message}", hint=error.hint) from error
    return plan


def read_committed(path: str) -> bytes | None:
    """The bytes of a committed plan, None where there is none yet.

    Raises:
        UsageError: it is there and cannot be read.
    """
    return _read(path) if Path(path).exists() else None


def allowed_by(limits: PolicyChoice) -> frozenset[Address]:
    """The objects that `--allow` names.

    Raises:
        UsageError: one is no address.
    """
    try:
        return frozenset(parse_address(text) for text in limits.allow)
    except ValueError as error:
        raise UsageError(
            f"--allow takes an address: {error}", hint="such as license/growth/grant/api-calls"
        ) from error


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
    return formats.PLAN[output_format](
        formats.PlanDocument(plan=plan, write=write_plan), look_of(sys.stdout)
    )


def deliver(proposal: Proposal, output_format: str, out: str | None) -> None:
    """Write the plan file, print the plan, and say what to do with the file.

    The file comes first: where it cannot be written, an error is the only thing that is printed.

    Raises:
        RefusedError: a guard found something. UsageError: `out` cannot be written.
    """
    if proposal.refusals and output_format != "json":
        print_result(render_plan(proposal.plan, output_format))
    refuse(proposal)
    if out is not None:
        write_file(Path(out), write_plan(proposal.plan))
    print_result(render_plan(proposal.plan, output_format))
    if out is not None:
        say(f"wrote {out}; apply it with: kaiten-sync apply {out}")


def read_plan_file(path: str) -> Plan:
    """Read a plan file; `-` is standard input.

    Raises:
        PlanFileError: it is none. UsageError: it cannot be read.
    """
    content = sys.stdin.buffer.read() if path == "-" else _read(path)
    try:
        return read_plan(content)
    except PlanFileError as error:
        raise PlanFileError(f"{path}: {error.message}", hint=error.hint) from error


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error


def _read_revision(spec: str) -> bytes:
    if ":" not in spec:
        raise UsageError(
            f"cannot read {spec}: there is no such file",
            hint="name a file, REV:PATH in git, or none",
        )
    from kaiten_sync.git.show import file_at

    return file_at(spec, Path.cwd())
