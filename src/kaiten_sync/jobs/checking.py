"""Check: whether the committed plan is the one that the catalog and the target give now."""

from __future__ import annotations

import shlex
from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.agreed import Agreed, agreed_before, plan_of
from kaiten_sync.jobs.overwriting import Output, check_replaces, write_output
from kaiten_sync.jobs.planning import (
    PlanCase,
    PlanRequest,
    Proposal,
    case_of,
    judged,
    propose,
)
from kaiten_sync.jobs.repository import is_in_repository
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Files, NoNotices, PlanReader, Ports
from kaiten_sync.plan import Reason, deleted, read_plan, reasons, write_plan

_NOT_OWNED = "it deletes what no plan before it managed"
_NO_PLAN_BEFORE = "no plan before it is in git's history here, so nothing may be deleted"
_WRITTEN_OTHERWISE = Reason(
    cause="only its formatting differs: it was reformatted, or its line endings were changed",
    lines=(),
)


class Checked(Immutable, frozen=True, kw_only=True):
    """A committed plan beside the plan that is made now.

    `proposal` is the plan made now. `is_there` says whether there is a file at `path`, and
    `is_same` whether its bytes are those of the new plan; if not, `reasons` are why, and `hint`
    is what to do if making the plan again is not enough. The plan made now is in `fresh`, if that
    was named.
    """

    path: str
    target: TargetRef
    proposal: Proposal
    is_there: bool
    is_same: bool = False
    reasons: tuple[Reason, ...] = ()
    hint: str | None = None
    fresh: str | None = None


class CheckRequest(Immutable, frozen=True, kw_only=True):
    """What to check: the committed plan at `path`.

    The plan made now is written to `fresh`, if that is named. `base` is the commit on which the
    change is based; None if git is to say it. `is_base_named` says that a person names it, and not
    a variable that CI sets for every job.
    """

    path: str
    fresh: str | None = None
    base: str | None = None
    is_base_named: bool = False


def check(workspace: Workspace, request: PlanRequest, asked: CheckRequest, ports: Ports) -> Checked:
    """Plan again, and compare the bytes with those of the plan file.

    What the file allows is allowed again: that it is in a reviewed file is what allows it. The
    file stays as it is; the plan made now is written if no guard refuses it.

    The file is its own plan before: what it deletes is still to be deleted. But within a git
    repository it deletes only what the plan before it owns, as for `apply --catalog`. That plan is
    the file itself if the commit `base`, on which the change is based, has it.

    Raises:
        UsageError: the file is there and cannot be read, the new one cannot be written, or there is
            no such commit as the base that is named.
        PlanFileError: it is not a plan, was edited, or is another target's.
        KaitenSyncError: as `plan` does.
    """
    path = asked.path
    if asked.base is not None and asked.is_base_named:
        ports.history.check_commit(asked.base, _nearest(Path(path).parent, ports.files))
    beside = ("--impact-out", request.impact_out)
    before = check_replaces(asked.fresh, ports.files, Output.FRESH, ("-o", path), beside)
    connection = workspace.connect(None)
    case = case_of(workspace, connection, request.changed(out=path), ports)
    content = ports.files.read(Path(path)) if ports.files.exists(Path(path)) else None
    committed = (
        None if content is None else plan_of(content, path, case.target, may_have_moved=True)
    )
    if committed is not None:
        allowed = case.allowed | committed.guards.allowed
        case = case.changed(allowed=allowed, kept=committed.families)
    with connection.open() as catalog:
        proposal = propose(case, catalog, ports)
        unowned = None
        # Only a plan that was reviewed before is trusted with what it says that it owns.
        is_asked = request.previous is None and bool(deleted(proposal.plan.changes))
        if committed is not None and is_asked and not _is_agreed(content, asked, ports):
            unowned = _unowned(proposal, case, committed, path, workspace, catalog, ports)
        made_now = proposal if unowned is None else unowned.proposal
        proposal = judged(made_now, case, request, catalog, ports)
    is_there = committed is not None
    checked = Checked(
        path=path, target=case.target, proposal=proposal, is_there=is_there, fresh=asked.fresh
    )
    if proposal.refusals:
        return checked
    made = write_plan(proposal.plan)
    if asked.fresh is not None:
        write_output(asked.fresh, (made,), ports.files, before)
    return _compared(checked, committed, content, made, unowned)


def _is_agreed(content: bytes | None, asked: CheckRequest, ports: Ports) -> bool:
    """Whether a plan file is as the branch has it into which the change goes.

    Without a base, that is the first parent of a merge: forges check out a change merged like this.
    """
    path = Path(asked.path)

    def at(revision: str) -> bytes | None:
        try:
            return ports.history.file_at(f"{revision}:./{path.name}", path.parent)
        except UsageError:
            return None

    # Not a merge: nothing says on which commit the change is based.
    if asked.base is None and at("HEAD^2") is None:
        return False
    if asked.base is not None and not _is_commit(asked.base, path.parent, ports):
        # A notice only: CI names a base that a clone without its history does not have.
        ports.notices.notify(
            f"There is no commit {asked.base} in git here, so what may be deleted does not follow"
            " from it; fetch it, or name another one with --base"
        )
    return content is not None and at(asked.base or "HEAD^1") == content


def _is_commit(revision: str, folder: Path, ports: Ports) -> bool:
    try:
        ports.history.check_commit(revision, folder)
    except UsageError:
        return False
    return True


def _nearest(folder: Path, disk: Files) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    here = folder.absolute()
    return next(each for each in (here, *here.parents) if disk.exists(each))


class _Unowned(Immutable, frozen=True, kw_only=True):
    """A plan that deletes only what is owned, why the file deletes more, and what to do."""

    proposal: Proposal
    reason: Reason
    hint: str


def _unowned(
    proposal: Proposal,
    case: PlanCase,
    committed: Plan,
    path: str,
    workspace: Workspace,
    catalog: PlanReader,
    ports: Ports,
) -> _Unowned | None:
    """What a committed plan says that it owns, and the plan before it does not; None if nothing.

    Whoever can push can write any delete into a plan file, and any object into what it manages.
    """
    if not is_in_repository(workspace.folder / Path(path).parent, ports.files):
        return None
    before = agreed_before(committed, path, workspace, ports)
    agreed = Agreed() if before is None else Agreed(plan=before, place=path)
    # It is the same plan but for what it owns, and all else about it was said already.
    silent = ports.changed(notices=NoNotices())
    # The server was recognized by the file itself, which may have seen more than the plan before.
    owned = propose(case.changed(agreed=agreed, is_moved=True), catalog, silent)
    more = deleted(proposal.plan.changes) - deleted(owned.plan.changes)
    if not more:
        return None
    words = (*case.words, "-o", path, "--previous", f"REV:{path}")
    again = shlex.join(["kaiten-sync", "plan", *words])
    return _Unowned(
        proposal=owned,
        reason=Reason(
            cause=_NO_PLAN_BEFORE if before is None else _NOT_OWNED,
            lines=tuple(sorted(map(str, more))),
        ),
        hint=_way_to_history(workspace.folder / Path(path).parent, ports)
        if before is None
        else f"make it again from the plan before it, and commit it: {again}",
    )


def _compared(
    checked: Checked,
    committed: Plan | None,
    content: bytes | None,
    made: bytes,
    unowned: _Unowned | None,
) -> Checked:
    """What is checked, with the verdict on the file's content beside what is made now."""
    if committed is None:
        return checked
    if unowned is not None:
        return checked.changed(reasons=(unowned.reason,), hint=unowned.hint)
    if made == content:
        return checked.changed(is_same=True)
    return checked.changed(reasons=reasons(committed, read_plan(made)) or (_WRITTEN_OTHERWISE,))


def _way_to_history(folder: Path, ports: Ports) -> str:
    why = ports.history.refusal(folder)
    return (
        "fetch the whole history (git fetch --unshallow), or name the plan before this one"
        " with --previous"
        if why is None
        else f"git reads no history here: {why}"
    )
