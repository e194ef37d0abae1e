"""Plan: compare the declaration with a target, and write what would change as a file."""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.errors import DeclarationError, PlanFileError, RefusedError, UnfetchedPlanError
from kaiten_sync.immutable import Immutable
from kaiten_sync.impact import gate
from kaiten_sync.jobs.agreed import Agreed, agreed_on
from kaiten_sync.jobs.impacting import impact_of
from kaiten_sync.jobs.moving import check_moved
from kaiten_sync.jobs.nameless import unnamed
from kaiten_sync.jobs.overwriting import Output, check_replaces, write_output
from kaiten_sync.jobs.ruling import ruled
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.family import FamilyChoice
from kaiten_sync.model.impact import DEFAULT_BUDGET, FailOn
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import Connection, PlanReader, Ports
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Limit, Policy, Prune
from kaiten_sync.pipeline import CatalogSource, make_plan, validate
from kaiten_sync.plan import Proposal, plan_pieces, write_plan
from kaiten_sync.report.impact_json import impact_json
from kaiten_sync.report.safe_text import json_text

__all__ = [
    "PlanCase",
    "PlanRequest",
    "PolicyOverrides",
    "Proposal",
    "plan",
    "propose",
    "refusal_of",
    "refuse",
    "write_plan",
]


class PolicyOverrides(Immutable, frozen=True, kw_only=True):
    """What a caller sets of the policy; None leaves the project file's."""

    prune: Prune | None = None
    max_deletes: Limit | None = None
    max_updates: Limit | None = None

    def over(self, policy: Policy) -> Policy:
        """The policy with these values instead of its own."""
        return policy.changed(
            prune=policy.prune if self.prune is None else self.prune,
            max_deletes=policy.max_deletes if self.max_deletes is None else self.max_deletes,
            max_updates=policy.max_updates if self.max_updates is None else self.max_updates,
        )


class PlanRequest(Immutable, frozen=True, kw_only=True):
    """What to plan.

    `files` replace the project's catalog. `previous` names what was agreed, as `agreed_on` takes
    it. `allowed` are the objects whose protection is lifted. `out` is the plan file to write;
    the plan that it replaces is what was agreed if nothing is named. `impact_budget` limits the
    requests that looking at holders may take, and `fail_on` refuses the plan by whom it affects.
    `impact_out` is a file for that as JSON; without `is_named` no instance or customer is named.
    `is_moved` says that the server of the plan before has another URL now.
    """

    files: tuple[str, ...] = ()
    overrides: PolicyOverrides = PolicyOverrides()
    previous: str | None = None
    allowed: frozenset[Address] = frozenset()
    out: str | None = None
    impact_budget: int = DEFAULT_BUDGET
    fail_on: frozenset[FailOn] = frozenset()
    impact_out: str | None = None
    is_named: bool = True
    is_moved: bool = False


class PlanCase(Immutable, frozen=True, kw_only=True):
    """All that a plan is made from, apart from the live catalog.

    `kept` are the choices of a plan that is made again to compare it. `words` name the target on a
    command line.
    """

    target: TargetRef
    source: CatalogSource
    policy: Policy
    agreed: Agreed
    allowed: frozenset[Address]
    is_moved: bool = False
    kept: tuple[FamilyChoice, ...] = ()
    words: tuple[str, ...] = ()


def plan(workspace: Workspace, request: PlanRequest, ports: Ports) -> Proposal:
    """Plan, and write the plan file unless a guard refuses the plan.

    Raises:
        UsageError: the request names what is not there, or `out` cannot be written.
        PlanFileError: the previous plan is not a plan, was edited, or is another target's.
        KaitenSyncError: as `pipeline.load`, `pipeline.make_plan` and `Connect` do.
    """
    connection = workspace.connect(None)
    before = check_replaces(request.out, ports.files, Output.PLAN)
    case = case_of(workspace, connection, request, ports)
    with connection.open() as catalog:
        proposal = judged(propose(case, catalog, ports), case, request, catalog, ports)
    if request.out is not None and not proposal.refusals:
        write_output(request.out, plan_pieces(proposal.plan), ports.files, before)
    return proposal


def judged(
    proposal: Proposal, case: PlanCase, request: PlanRequest, catalog: PlanReader, ports: Ports
) -> Proposal:
    """The proposal with whom it affects, refused if the request or the project's rules say so.

    Raises:
        ServerError, AccessError: the server cannot be read at all.
    """
    # Beside the plan and not in it: what holders use changes by the minute, and the bytes of a
    # plan must not.
    impact = impact_of(proposal.plan, catalog, request.impact_budget, ports, upward=True)
    refused = gate(proposal.plan, impact, request.fail_on)
    gated = proposal.changed(impact=impact, diagnostics=(*proposal.diagnostics, *refused))
    # Before anything is written or judged by rules whose messages could name somebody.
    shown = gated if request.is_named else unnamed(gated)
    if request.impact_out is not None and shown.impact is not None:
        content = json_text(impact_json(shown.impact)).encode()
        check_replaces(request.impact_out, ports.files, Output.IMPACT)  # it may be another by now
        ports.files.write(Path(request.impact_out), content)
    return ruled(shown, case.policy, ports)


def case_of(
    workspace: Workspace, connection: Connection, request: PlanRequest, ports: Ports
) -> PlanCase:
    """What a request means for a target. Raises as `plan` does."""
    # Before the server is read: a file that must not be replaced is known at once.
    check_replaces(request.impact_out, ports.files, Output.IMPACT, ("-o", request.out))
    try:
        agreed = agreed_on(
            connection.target,
            request.previous,
            workspace,
            ports,
            request.out,
            may_have_moved=True,
        )
    except UnfetchedPlanError:
        raise
    except PlanFileError as error:
        raise PlanFileError(
            error.message,
            error.diagnostics,
            hint="name the right one with --previous, such as main:plans/prod.plan.json, or start"
            " over with --previous none: then nothing is deleted this time",
        ) from error
    return PlanCase(
        target=connection.target,
        source=workspace.source(request.files, connection.overlays),
        policy=request.overrides.over(workspace.policy),
        agreed=agreed,
        allowed=request.allowed,
        is_moved=request.is_moved,
        words=workspace.words_of(connection.target.name),
    )


def propose(case: PlanCase, catalog: PlanReader, ports: Ports) -> Proposal:
    """Load the declaration and plan it. Raises as `pipeline.load` and `make_plan` do."""
    proposal = make_plan(
        _declared(case, catalog, ports),  # and not kept here, as it is as large as the plan
        catalog,
        target=case.target,
        scope=case.source.scope,
        policy=case.policy,
        progress=ports.progress,
        previous=case.agreed.plan,
        allowed=case.allowed,
        kept=case.kept,
    )
    for note in proposal.notes:
        ports.notices.notify(note.sentence)
    if case.policy.prune is Prune.OWNED and case.agreed.plan is None:
        # Whatever else goes, an earlier plan managed.
        is_deleting = any(each.action == Action.DELETE for each in proposal.plan.changes)
        what = "only grants that families do not declare" if is_deleting else "nothing"
        ports.notices.notify(f"No earlier plan for {case.target.name}: {what} will be deleted")
    return proposal


def _declared(case: PlanCase, catalog: PlanReader, ports: Ports) -> DesiredState:
    desired, diagnostics = validate(case.source)
    if desired is None:
        raise DeclarationError(diagnostics)
    for each in diagnostics:
        ports.notices.notify(f"warning: {each.sentence} ({each.ref})")
    # What an earlier plan owns may be deleted, so it has to be the server that this plan was
    # about.
    check_moved(case.agreed, case.target, catalog, ports, words=case.words, is_said=case.is_moved)
    return desired


def refusal_of(proposal: Proposal) -> RefusedError | None:
    """The error that a refused plan ends with; None if no guard refuses it."""
    if not proposal.refusals:
        return None
    return RefusedError(
        "the plan is refused",
        proposal.refusals,
        hint="nothing was written; change the declaration or the policy and plan again",
        approval=proposal.approval,
    )


def refuse(proposal: Proposal) -> None:
    """Raise if a guard refuses the plan.

    Raises:
        RefusedError: with every refusal.
    """
    error = refusal_of(proposal)
    if error is not None:
        raise error
