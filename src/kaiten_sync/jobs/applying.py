"""Apply: execute a reviewed plan file, or plan, ask and apply in one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kaiten_sync.errors import KaitenSyncError, RefusedError
from kaiten_sync.jobs.agreed import read_plan_file
from kaiten_sync.jobs.planning import PlanRequest, case_of, propose, refuse, with_impact
from kaiten_sync.jobs.receipt import Receipt
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Approval, Catalog, Connection, Journal, Ports
from kaiten_sync.pipeline import apply_plan, load
from kaiten_sync.plan.made_from import not_made_from
from kaiten_sync.plan.plan_file import check_target


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """What to apply.

    `plan_file` is a plan, `-` for the caller's input; None plans first, as `planning` says.
    `made_from` are catalog paths from which the plan file has to be made, empty for any.
    `receipt` is the file to write outcomes to as they happen.
    """

    plan_file: str | None = None
    planning: PlanRequest = field(default_factory=PlanRequest)
    made_from: tuple[str, ...] = ()
    receipt: str | None = None


def apply(
    workspace: Workspace, request: ApplyRequest, approval: Approval, ports: Ports
) -> ApplyResult:
    """Apply a plan file without asking, or plan and apply what is approved.

    Raises:
        RefusedError: a guard or the person refuses the plan, live is not as the plan saw it, or
            the target takes plan files only. Nothing was written.
        PlanFileError: the plan file cannot be trusted. UsageError: something named is not there.
        KaitenSyncError: as `pipeline.load`, `make_plan`, `apply_plan` and `Connect` do.
    """
    if request.plan_file is not None:
        return _apply_file(workspace, request.plan_file, request, ports)
    connection = workspace.connect(None)
    case = case_of(workspace, connection, request.planning, ports)
    _check_takes_plans_made_now(connection)
    with connection.open() as catalog:
        proposal = with_impact(propose(case, catalog, ports), request.planning, catalog, ports)
        approval.show(proposal.plan, proposal.impact)
        refuse(proposal)
        if proposal.plan.changes and not approval.is_given(proposal.plan):
            raise RefusedError("the plan was not approved: nothing was applied")
        return _execute(proposal.plan, catalog, request.receipt, ports)


def _apply_file(
    workspace: Workspace, path: str, request: ApplyRequest, ports: Ports
) -> ApplyResult:
    plan = read_plan_file(path, ports.files)
    connection = workspace.connect(_target_of(plan, workspace))
    if request.made_from:
        _check_made_from(plan, workspace, connection, request.made_from)
    with connection.open() as catalog:
        check_target(plan, connection.target)
        return _execute(plan, catalog, request.receipt, ports)


def _target_of(plan: Plan, workspace: Workspace) -> str | None:
    """The name of the plan's target, if the project has it."""
    known = workspace.project.targets if workspace.project else {}
    return plan.target.name if plan.target.name in known else None


def _check_takes_plans_made_now(connection: Connection) -> None:
    if connection.require_plan:
        name = connection.target.name
        raise RefusedError(
            f"target {name} takes reviewed plan files only (requirePlan)",
            hint=f"kaiten-sync plan -t {name} -o FILE, have it reviewed, then apply FILE",
        )


def _check_made_from(
    plan: Plan, workspace: Workspace, connection: Connection, paths: Sequence[str]
) -> None:
    differences = not_made_from(plan, load(workspace.source(paths, connection.overlays)))
    if differences:
        raise RefusedError(
            "the plan was not made from this catalog",
            differences,
            hint="make the plan again and have it reviewed",
        )


def _execute(plan: Plan, catalog: Catalog, receipt: str | None, ports: Ports) -> ApplyResult:
    """Apply, and close the receipt however it ends."""
    if receipt is None:
        return _apply(plan, catalog, None, ports)
    journal = Receipt(receipt, plan, ports)
    try:
        result = _apply(plan, catalog, journal, ports)
    except KaitenSyncError as error:
        journal.close(error)
        raise
    journal.close(result)
    return result


def _apply(plan: Plan, catalog: Catalog, journal: Journal | None, ports: Ports) -> ApplyResult:
    with ports.stop.listening() as is_stopped:
        return apply_plan(
            plan, catalog, progress=ports.progress, is_stopped=is_stopped, journal=journal
        )
