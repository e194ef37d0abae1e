"""Apply: execute a reviewed plan file, or plan, ask and apply in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from kaiten_sync.errors import (
    KaitenSyncError,
    RefusedError,
    StalePlanError,
    StoppedError,
    UsageError,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.agreed import (
    Agreed,
    agreed_before,
    agreed_last,
    agreed_on,
    read_plan_file,
)
from kaiten_sync.jobs.at_hand import check_migration, check_policy, check_versions
from kaiten_sync.jobs.moving import check_moved
from kaiten_sync.jobs.nameless import Nameless, NamelessJournal
from kaiten_sync.jobs.planning import PlanRequest, case_of, judged, propose, refuse
from kaiten_sync.jobs.promoting import check_turn
from kaiten_sync.jobs.receipt import Receipt
from kaiten_sync.jobs.ruling import Permit, permit_by_rules
from kaiten_sync.jobs.suggesting import plan_again, plan_command, show_command
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.migration import apply_migration
from kaiten_sync.model.outcome import ApplyResult, Outcome
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Approval, Catalog, Connection, Journal, NoJournal, Ports
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Prune
from kaiten_sync.pipeline import PlanInputs, apply_plan, load, propose_on, read_for_plan
from kaiten_sync.plan import (
    check_target,
    deleted,
    not_made_from,
)
from kaiten_sync.verify import verify_plan

_CAME_BACK = (
    "git has the same plan from before, so a `git revert` may have brought it back: make the"
    " current plan and have it reviewed"
)


class ApplyRequest(Immutable, frozen=True, kw_only=True):
    """What to apply.

    `plan_file` is a plan, `-` for the caller's input; None plans first, as `planning` says.
    `made_from` are catalog paths from which the plan file has to be made, empty for any; then
    `planning` says what overrides the project's policy, and the plan before this one. It says as
    well whether instances and customers are named.
    `receipt` is the file to write outcomes to as they happen. `after_receipts` are those of the
    targets that this one waits for. `watch` makes a journal that receives outcomes as well, once
    the plan is known.
    """

    plan_file: str | None = None
    planning: PlanRequest = PlanRequest()
    made_from: tuple[str, ...] = ()
    receipt: str | None = None
    after_receipts: tuple[str, ...] = ()
    watch: Callable[[Plan], Journal] = lambda _plan: NoJournal()


class _Journals(Immutable, frozen=True):
    """Several journals as one."""

    journals: tuple[Journal, ...]

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Tell each of them."""
        for journal in self.journals:
            journal.record(outcomes)


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
    planned_from = request.planning.files
    # Before its token is looked for: nobody has to get one only to be refused.
    only_plans = workspace.takes_plans_only()
    if only_plans is not None:
        raise _unreviewed(workspace, only_plans, planned_from)
    connection = workspace.connect(None)
    case = case_of(workspace, connection, request.planning, ports)
    # Before the first request: whoever has to wait for another target learns it at once.
    check_turn(workspace, connection.target, planned_from, request.after_receipts, ports)
    with connection.open() as catalog:
        proposal = judged(propose(case, catalog, ports), case, request.planning, catalog, ports)
        # Shown before it is refused: a reader of the refusal has to see what was planned.
        approval.show(proposal.plan, proposal.impact)
        # The answer of a person comes last, after all guards: nobody approves what is then
        # refused.
        refuse(proposal)
        if proposal.plan.changes and not approval.is_given(proposal.plan):
            raise RefusedError("the plan was not approved: nothing was applied")
        return _execute(proposal.plan, catalog, request, ports)


def _unreviewed(workspace: Workspace, target: TargetRef, files: Sequence[str]) -> RefusedError:
    named = workspace.project.targets if workspace.project is not None else {}
    # A server may be named by its URL alone: then no -t names it.
    by_name = f"`{plan_command(workspace, target.name, files)}`, have it reviewed, and apply it"
    return RefusedError(
        f"target {target.name} at {target.url} takes reviewed plan files only (requirePlan)",
        hint=by_name
        if target.name in named
        else "`kaiten-sync plan -o FILE`, have it reviewed, then apply FILE",
    )


def _apply_file(
    workspace: Workspace, path: str, request: ApplyRequest, ports: Ports
) -> ApplyResult:
    plan = read_plan_file(path, ports.files)
    with _recorded(plan, request, ports):
        return _apply_plan(plan, path, workspace, request, ports)


def _apply_plan(
    plan: Plan, path: str, workspace: Workspace, request: ApplyRequest, ports: Ports
) -> ApplyResult:
    connection = workspace.connect(_target_of(plan, workspace))
    # A server that only a URL names is another one at another URL. Only a plan of a catalog records
    # what its server had.
    is_in_project = _target_of(plan, workspace) is not None
    may_have_moved = is_in_project and plan.migration is None
    check_target(plan, connection.target, path, may_have_moved=may_have_moved)
    if plan.migration is not None:
        return _apply_migration(plan, path, workspace, connection, request, ports)
    again = plan_again(workspace, plan, path, request.made_from)
    if not request.made_from:
        with _next_named(plan, None, again):
            return _apply_alone(plan, path, workspace, connection, request, ports)
    desired = load(workspace.source(request.made_from, connection.overlays))
    differences = not_made_from(plan, desired)
    if differences:
        raise RefusedError(
            "the plan was not made from this catalog",
            differences,
            hint=f"make the plan again and have it reviewed: {again}",
        )
    check_turn(workspace, connection.target, request.made_from, request.after_receipts, ports)
    with connection.open() as catalog:
        plan = _at_home(plan, path, workspace, connection, catalog, ports)
        inputs = PlanInputs(
            target=connection.target,
            scope=workspace.scope,
            policy=request.planning.overrides.over(workspace.policy),
            previous=_previous_of(plan, path, workspace, catalog, request, ports),
        )
        last = agreed_last(plan, path, ports)

        def verify() -> None:
            how = f": {again}"
            verify_plan(plan, desired, catalog, inputs, progress=ports.progress, again=how)

        permit = permit_by_rules(plan, workspace.project, catalog, ports)
        # A reverted commit brings an older plan back, and its seal is as good as ever.
        with _next_named(plan, last, again):
            result = _execute(plan, catalog, request, ports, permit, verify)
        if not result.is_complete:
            return result
        # What this plan made is agreed now; before, what it may delete came from the plan before.
        inputs = inputs.changed(previous=last, allowed=plan.guards.allowed)
        return _with_what_is_left(result, desired, catalog, inputs, ports)


def _apply_alone(
    plan: Plan,
    path: str,
    workspace: Workspace,
    connection: Connection,
    request: ApplyRequest,
    ports: Ports,
) -> ApplyResult:
    """Apply a plan without the catalog from which it was made."""
    check_policy(plan, workspace, connection, ports)
    check_turn(workspace, connection.target, (), request.after_receipts, ports)
    with connection.open() as catalog:
        plan = _at_home(plan, path, workspace, connection, catalog, ports)
        check_versions(plan, workspace, catalog, ports)
        permit = permit_by_rules(plan, workspace.project, catalog, ports)
        return _execute(plan, catalog, request, ports, permit)


@contextmanager
def _recorded(plan: Plan, request: ApplyRequest, ports: Ports) -> Iterator[None]:
    """Write a receipt of what ends the run before it has begun one."""
    try:
        yield
    except UsageError:  # nothing was to be done: the command line is wrong
        raise
    except KaitenSyncError as error:
        if request.receipt is not None and not error.is_recorded:
            if not request.planning.is_named:
                Nameless.of(plan).error(error)
            try:
                Receipt(request.receipt, plan, ports).close(error)
            except UsageError as unwritten:
                ports.notices.notify(f"warning: {unwritten.message}")
        raise


@contextmanager
def _next_named(plan: Plan, last: Plan | None, again: str) -> Iterator[None]:
    """Say of a stale plan how to make it again, and that it may be an older one: if not `last`."""
    try:
        yield
    except StalePlanError as error:
        came_back = last is not None and last.digest != plan.digest
        error.hint = f"{_CAME_BACK if came_back else error.hint}: {again}"
        raise


def _apply_migration(
    plan: Plan,
    path: str,
    workspace: Workspace,
    connection: Connection,
    request: ApplyRequest,
    ports: Ports,
) -> ApplyResult:
    """Move holders. A catalog declares no holders, so none can be compared with the plan."""
    if request.made_from:
        raise UsageError(
            "this plan moves holders: it is made from the server alone, so there is no catalog to"
            " compare it with",
            hint=f"apply it without --catalog; {show_command(path)} says whom it moves",
        )
    plan = check_migration(plan, workspace)
    check_turn(workspace, connection.target, (), request.after_receipts, ports)
    with connection.open() as catalog:
        permit = permit_by_rules(plan, workspace.project, catalog, ports)
        return _execute(plan, catalog, request, ports, permit)


def _with_what_is_left(
    result: ApplyResult,
    desired: DesiredState,
    catalog: Catalog,
    inputs: PlanInputs,
    ports: Ports,
) -> ApplyResult:
    """Look whether live is as the catalog says: what a plan made now would change."""
    try:
        live, record = read_for_plan(desired, catalog, inputs, ports.progress)
        made = propose_on(desired, record, catalog, live, inputs, ports.progress)
    except KaitenSyncError as error:
        # All is applied and verified by now: the summary must not be lost.
        return result.changed(unlooked=error.message)
    return result.changed(left=made.plan.changes)


def _at_home(
    plan: Plan,
    path: str,
    workspace: Workspace,
    connection: Connection,
    catalog: Catalog,
    ports: Ports,
) -> Plan:
    """The plan, at the URL that its target has now, if that is the server that it saw.

    Raises:
        PlanFileError: nothing shows that it is.
    """
    words = workspace.words_of(plan.target.name)
    check_moved(Agreed(plan=plan, place=path), connection.target, catalog, ports, words=words)
    return plan.changed(target=connection.target)


def _previous_of(
    plan: Plan,
    path: str,
    workspace: Workspace,
    catalog: Catalog,
    request: ApplyRequest,
    ports: Ports,
) -> Plan | None:
    """The plan before this one, which owns what this one may delete."""
    named, is_said = request.planning.previous, request.planning.is_moved
    if named is not None:
        agreed = agreed_on(plan.target, named, workspace, ports, may_have_moved=True)
        words = workspace.words_of(plan.target.name)
        check_moved(agreed, plan.target, catalog, ports, words=words, is_said=is_said)
        return agreed.plan
    found = agreed_before(plan, path, workspace, ports)
    if found is None and deleted(plan.changes) and workspace.policy.prune is Prune.OWNED:
        why = ports.history.refusal(workspace.folder / Path(path).parent)
        ports.notices.notify(
            "No plan before this one in git, so nothing may be deleted; fetch the history, or name"
            " that plan with --previous"
            if why is None
            else f"git reads no history here, so nothing may be deleted: {why}"
        )
    return found


def _target_of(plan: Plan, workspace: Workspace) -> str | None:
    """The name of the plan's target, if the project has it."""
    known = workspace.project.targets if workspace.project else {}
    return plan.target.name if plan.target.name in known else None


def _execute(
    plan: Plan,
    catalog: Catalog,
    request: ApplyRequest,
    ports: Ports,
    permit: Permit = lambda _changes: None,
    verify: Callable[[], None] = lambda: None,
) -> ApplyResult:
    """Verify, apply, and close the receipt however it ends."""
    nameless = None if request.planning.is_named else Nameless.of(plan)
    journal = request.watch(plan if nameless is None else nameless.plan(plan))
    # Before the verification, which can refuse: the receipt then says that nothing was applied.
    receipt = None if request.receipt is None else Receipt(request.receipt, plan, ports)
    if receipt is not None:
        journal = _Journals((receipt, journal))
    if nameless is not None:
        journal = NamelessJournal(journal, nameless)
    # What the receipt says if an error comes through that nobody thought of.
    ended: ApplyResult | KaitenSyncError | None = KaitenSyncError("the run ended unexpectedly")
    is_verified = False
    try:
        with nullcontext() if nameless is None else nameless.errors():
            verify()
            is_verified = True
            ended = _apply(plan, catalog, journal, permit, ports)
        ended = ended if nameless is None else nameless.result(ended)
    except KaitenSyncError as error:
        ended = error
        error.is_recorded = True
        raise
    except KeyboardInterrupt:
        # Once it writes, it is as after a kill: what was under way has no outcome.
        ended = None if is_verified else StoppedError("interrupted before anything was written")
        raise
    finally:
        if ended is not None and receipt is not None:
            receipt.close(ended)
    return ended


def _apply(
    plan: Plan, catalog: Catalog, journal: Journal, permit: Permit, ports: Ports
) -> ApplyResult:
    # Signals finish what is under way from here on. Before, a stop may end the run anywhere,
    # since nothing was written.
    with ports.stop.listening() as is_stopped:
        catalog.heed(is_stopped)
        if plan.migration is not None:
            return apply_migration(
                plan,
                catalog,
                progress=ports.progress,
                is_stopped=is_stopped,
                clock=ports.clock,
                permit=permit,
                journal=journal,
            )
        return apply_plan(
            plan,
            catalog,
            progress=ports.progress,
            is_stopped=is_stopped,
            journal=journal,
            permit=permit,
        )
