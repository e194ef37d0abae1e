"""Promotion: a target that waits for others takes nothing until they are as declared (`after`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from kaiten_sync.api.credentials import api_base
from kaiten_sync.api.identity import server_key
from kaiten_sync.declare import LFS_HINT, LFS_POINTER, is_lfs_pointer
from kaiten_sync.documents import from_json
from kaiten_sync.documents.receipt import ReceiptDocument
from kaiten_sync.errors import AccessError, CredentialError, RefusedError, UsageError
from kaiten_sync.jobs.agreed import committed_place, read_plan_file
from kaiten_sync.jobs.planning import PlanRequest, Proposal, case_of, propose
from kaiten_sync.jobs.suggesting import apply_command, plan_command
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.outcome import MADE, RunState
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.settings import Target
from kaiten_sync.model.strict_json import read_strict
from kaiten_sync.pipeline import load
from kaiten_sync.plan import not_made_from

_RULE = "waits-for-target"
_CHANGES_LIMIT = 20
"""Changes that a refusal lists: a new server differs in everything."""


def waits_for(workspace: Workspace, target: TargetRef) -> tuple[str, ...]:
    """The targets that have to be as declared before a target is applied.

    A server that is not named as a target waits as the targets do that are at its URL.
    """
    known = workspace.project.targets if workspace.project is not None else {}
    if target.name in known:
        return known[target.name].after
    here = server_key(target.url)
    before = (n for t in known.values() if server_key(t.url) == here for n in t.after)
    return tuple(dict.fromkeys(before))


def check_turn(
    workspace: Workspace,
    target: TargetRef,
    files: Sequence[str],
    receipts: Sequence[str],
    ports: Ports,
) -> None:
    """Refuse to apply to a target while one that it waits for is not as declared.

    `files` replace the project's catalog. A receipt shows that the plan of this commit was applied
    to a target; without one, the target is read.

    Raises:
        RefusedError: a target is not as declared. AccessError: it cannot be read, and no receipt
            was named. UsageError: a receipt is not one, or no target is waited for.
    """
    before = waits_for(workspace, target)
    if not before:
        if receipts:
            raise UsageError(
                f"{target.name} waits for no other target, so --after-receipt does nothing",
                hint="leave it out, or let the target wait with `after` in the project file",
            )
        return
    given: list[tuple[str, ReceiptDocument]] = []
    for path in receipts:
        content = ports.files.read(Path(path))
        try:
            receipt = from_json(ReceiptDocument, read_strict(content))
        except ValueError as error:
            is_elsewhere = is_lfs_pointer(content.decode(errors="replace"))
            raise UsageError(
                f"{path} is not the receipt of an apply: {LFS_POINTER if is_elsewhere else error}",
                hint=LFS_HINT
                if is_elsewhere
                else "name the file that `apply --receipt FILE` wrote",
            ) from error
        if receipt.target.name in before:
            given.append((path, receipt))
        else:  # a notice only: CI hands over the receipts of all targets that it has applied
            other = receipt.target.name
            ports.notices.notify(
                f"{path} is the receipt of {other}, for which {target.name} does not wait"
            )
    for name in before:
        of_target = [(path, receipt) for path, receipt in given if receipt.target.name == name]
        if of_target:
            _check_receipts(workspace, target.name, name, files, of_target, ports)
        else:
            _check_live(workspace, target.name, name, files, ports)


def _check_live(
    workspace: Workspace, target: str, name: str, files: Sequence[str], ports: Ports
) -> None:
    try:
        connection = workspace.connect_to_other(name)
        case = case_of(workspace, connection, PlanRequest(files=tuple(files)), ports)
        with connection.open() as catalog:
            proposal = propose(case, catalog, ports)
    except AccessError as error:
        is_refused = isinstance(error, CredentialError)
        raise type(error)(
            f"{target} waits for {name}: {error.message}",
            hint=f"{'set the token of' if is_refused else 'make sure that this reaches'} {name}, or"
            " name the receipt of its apply of this commit with --after-receipt FILE",
        ) from error
    changes = proposal.plan.changes
    if not changes and not proposal.refusals:
        return
    listed = [
        Diagnostic(
            rule=_RULE,
            message=f"not applied to {name} yet ({change.action})",
            address=change.subject,
            ref=change.source,
        )
        for change in changes[:_CHANGES_LIMIT]
    ]
    if (left := len(changes) - _CHANGES_LIMIT) > 0:
        listed.append(Diagnostic(rule=_RULE, message=f"and {left:,} more changes of {name}"))
    raise RefusedError(
        f"{target} waits for {name}, and {name} is not as declared",
        (*listed, *proposal.refusals),
        hint=_way_to(name, proposal, workspace, files, ports),
    )


def _way_to(
    name: str, proposal: Proposal, workspace: Workspace, files: Sequence[str], ports: Ports
) -> str:
    """What to do first: apply the committed plan, if that makes all changes, or plan."""
    place = committed_place(workspace, name, ports.files)
    to_do = _values_of(proposal.plan)
    if place is not None and not proposal.refusals:
        committed = read_plan_file(place, ports.files)
        is_current = committed.desired_digest == proposal.plan.desired_digest
        planned = _values_of(committed)
        if is_current and all(planned.get(name) == each for name, each in to_do.items()):
            command = apply_command(workspace, place, files)
            return f"apply the committed plan of {name} first: {command}"
    # The plan of that target then says how to apply it.
    return f"plan {name}, and apply that plan first: {plan_command(workspace, name, files)}"


def _values_of(plan: Plan) -> Mapping[str, object]:
    """What each change of a plan does, without what a plan file leaves out."""
    return {c.id: {f.name: (f.before, f.after) for f in c.fields} for c in plan.changes}


def _check_receipts(
    workspace: Workspace,
    target: str,
    name: str,
    files: Sequence[str],
    given: Sequence[tuple[str, ReceiptDocument]],
    ports: Ports,
) -> None:
    """One receipt is enough: a run that failed may have been repeated."""
    assert workspace.project is not None  # noqa: S101  (it says what waits for what)
    known = workspace.project.targets[name]
    # A receipt names its plan by the digest, so the committed plan says which one that should be.
    place = committed_place(workspace, name, ports.files)
    committed = None if place is None else read_plan_file(place, ports.files)
    if committed is not None:
        desired = load(workspace.source(files, known.overlays))
        # The receipt of a plan of another catalog says nothing about this one.
        if not_made_from(committed, desired):
            committed = None
    reasons = {path: _why_not(receipt, known, committed) for path, receipt in given}
    if all(reasons.values()):
        raise RefusedError(
            f"{target} waits for {name}, and no receipt shows that {name} is as declared",
            [Diagnostic(rule=_RULE, message=f"{p}: {why}") for p, why in reasons.items()],
            hint=f"apply the committed plan of {name} to its end, and name that receipt",
        )


def _why_not(receipt: ReceiptDocument, target: Target, committed: Plan | None) -> str:
    """Why a receipt does not show that a target is as declared; empty if it does."""
    if committed is None:
        return f"the committed plan of {target.name} was not made from this catalog"
    if receipt.target.url != api_base(target.url, allow_http=True).removesuffix("/api"):
        return f"it is of {receipt.target.url}, and {target.name} is at {target.url}"
    if receipt.plan_digest != committed.digest:
        return f"it is of another plan than the committed one of {target.name}"
    if receipt.state is not RunState.COMPLETE:
        return f"that apply did not finish (its state is {receipt.state})"
    # What it says of itself is no proof, and a receipt has no seal.
    for outcome in receipt.outcomes:
        if outcome.status not in MADE:
            return f"it says that it is complete, and that {outcome.id} is {outcome.status}"
    missing = {each.id for each in committed.changes} - {each.id for each in receipt.outcomes}
    if missing:
        return f"it says that it is complete, and has no outcome of {min(missing)}"
    return ""
