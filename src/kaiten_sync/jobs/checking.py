"""Check: whether the committed plan is the one that the catalog and the target give now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from kaiten_sync.jobs.agreed import plan_of
from kaiten_sync.jobs.planning import PlanRequest, Proposal, case_of, propose, with_impact
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import Ports
from kaiten_sync.plan import Reason, read_plan, reasons, write_plan

_WRITTEN_OTHERWISE = Reason(
    cause="it says the same in other bytes: something has reformatted it, or its line ends",
    lines=(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A committed plan beside the plan that is made now.

    `proposal` is the plan made now. `is_there` says whether there is a file at `path`, and
    `is_same` whether its bytes are those of the new plan; if not, `reasons` are why.
    """

    path: str
    target: TargetRef
    proposal: Proposal
    is_there: bool
    is_same: bool = False
    reasons: tuple[Reason, ...] = ()


def check(
    workspace: Workspace, request: PlanRequest, path: str, ports: Ports, fresh: str | None = None
) -> Checked:
    """Plan again, and compare the bytes with those of the plan file at `path`.

    What the file allows is allowed again: that it is in a reviewed file is what allows it. The
    file stays as it is; the plan made now is written to `fresh`, if that is named and no guard
    refuses the plan.

    Raises:
        UsageError: the file is there and cannot be read, or `fresh` cannot be written.
        PlanFileError: it is not a plan, was edited, or is another target's.
        KaitenSyncError: as `plan` does.
    """
    connection = workspace.connect(None)
    case = case_of(workspace, connection, replace(request, out=path), ports)
    content = ports.files.read(Path(path)) if ports.files.exists(Path(path)) else None
    committed = (
        None if content is None else plan_of(content, path, case.target, may_have_moved=True)
    )
    if committed is not None:
        allowed = case.allowed | committed.guards.allowed
        case = replace(case, allowed=allowed, kept=committed.families)
    with connection.open() as catalog:
        proposal = with_impact(propose(case, catalog, ports), request, catalog, ports)
    checked = Checked(
        path=path,
        target=case.target,
        proposal=proposal,
        is_there=committed is not None,
    )
    if proposal.refusals:
        return checked
    made = write_plan(proposal.plan)
    if fresh is not None:
        ports.files.write(Path(fresh), made)
    if made == content:
        return replace(checked, is_same=True)
    if committed is None:
        return checked
    return replace(checked, reasons=reasons(committed, read_plan(made)) or (_WRITTEN_OTHERWISE,))
