"""THE MAP: declare → validate → live → diff → plan → apply → report.

Each function here is one of the program's jobs, written as the order of its stages. Composition
only: a rule that would fit in here belongs into a stage. The first two stages are in
`declaration.py`, since some commands need no others and should not wait for them to load.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, partial

from kaiten_sync.apply import (
    Found,
    already_done,
    execute,
    read_observed,
    requests_to_permit,
)
from kaiten_sync.declaration import CatalogSource, load, read_extended, read_project, validate
from kaiten_sync.diff import diff_catalog, fields_let_go, with_unfinished
from kaiten_sync.errors import DeclarationError
from kaiten_sync.families import (
    Resolution,
    by_chance,
    joining,
    leaving_git,
    taken_over,
    unforeseen,
    unjoinable,
    version_address,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.live import (
    narrowed,
    need_of_everything,
    need_of_plan,
    read_holders,
    read_licenses,
    read_live,
    read_use,
)
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import CatalogDiff, Difference, DriftClass
from kaiten_sync.model.family import FamilyChoice
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Left, Plan, TargetRef
from kaiten_sync.model.ports import (
    Catalog,
    CatalogReader,
    Journal,
    NoJournal,
    PlanReader,
    Progress,
)
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.model.value import ABSENT
from kaiten_sync.plan import (
    Leaving,
    Proposal,
    Recorded,
    check_guards,
    conflicts,
    ownership,
    propose,
    recorded,
    restarting,
    still_to_restart,
    tightened,
    to_changes,
    used_since,
    with_versions,
)
from kaiten_sync.resolution import resolve, seen_as_sold
from kaiten_sync.validate import needs_capabilities, unsupported

__all__ = [
    "CatalogSource",
    "PlanInputs",
    "apply_plan",
    "check_supported",
    "has_drafts",
    "load",
    "make_plan",
    "propose_on",
    "read_catalog",
    "read_extended",
    "read_for_plan",
    "read_project",
    "validate",
]


class PlanInputs(Immutable, frozen=True, kw_only=True):
    """What a plan is made from, apart from the declaration and live.

    `previous` is the target's last plan, from which ownership comes; `allowed` are the objects
    whose protection a person lifted by name. `kept` are the choices of a plan that is looked at
    again, and `settled` the objects that nobody held when it was made, and from which the rest of
    it takes nothing.
    """

    target: TargetRef
    scope: Scope
    policy: Policy
    previous: Plan | None = None
    allowed: frozenset[Address] = frozenset()
    kept: tuple[FamilyChoice, ...] = ()
    settled: frozenset[Address] = frozenset()


def make_plan(
    desired: DesiredState,
    catalog: PlanReader,
    *,
    target: TargetRef,
    scope: Scope,
    policy: Policy,
    progress: Progress,
    previous: Plan | None = None,
    allowed: frozenset[Address] = frozenset(),
    kept: tuple[FamilyChoice, ...] = (),
) -> Proposal:
    """Live → diff → plan. What goes into it is as in `PlanInputs`.

    Raises:
        DeclarationError: the server does not know a declared field.
        ServerError, AccessError: the live catalog could not be read whole.
    """
    request = PlanInputs(
        target=target, scope=scope, policy=policy, previous=previous, allowed=allowed, kept=kept
    )
    live, record = read_for_plan(desired, catalog, request, progress)
    found = _basis(desired, record, catalog, live, request, progress)
    # Most of a new server's plan is in it, and none of what is made now asks for it.
    del desired, live
    return _proposed(found, request)


def read_for_plan(
    desired: DesiredState,
    catalog: PlanReader,
    request: PlanInputs,
    progress: Progress,
) -> tuple[LiveState, Recorded]:
    """live: what planning a declaration takes, and what the plan will record of the declaration.

    Raises as `make_plan` does.
    """
    owned = ownership(desired, request.scope, request.policy.prune, request.previous)
    compared = [version_address(a.address, a.serves) for a in request.kept if a.serves]
    # What is inside an object that is left behind is not looked at: the object is enough.
    said = {each.address for each in request.previous.left} if request.previous else set()
    looked_at = {None, *desired.resources}
    released = {a for a in owned.released if a.parent in looked_at or a in said}
    need = need_of_plan(
        desired, request.policy.prune, owned.missed, released, compared, request.scope
    )
    # The one thing in a plan that takes long and asks nothing of live: done while answers are
    # awaited, it costs no time of its own.
    record = cache(partial(recorded, desired))
    live = read_live(
        catalog,
        need,
        request.scope,
        progress,
        beside=lambda: check_supported(desired, catalog),
        meanwhile=record,
    )
    return live, record()


def propose_on(
    desired: DesiredState,
    record: Recorded,
    catalog: PlanReader,
    live: LiveState,
    request: PlanInputs,
    progress: Progress,
) -> Proposal:
    """Diff → plan, on a live catalog that was read for it. Raises as `make_plan` does."""
    return _proposed(_basis(desired, record, catalog, live, request, progress), request)


class _Basis(Immutable, frozen=True, kw_only=True):
    """All that a plan is made of, once declaration and live are compared.

    `differences` are taken from there one by one. `diff` and `sold` lack what is missing on the
    server, `sold` only inside other objects; `record` has what the plan records of all.
    """

    differences: deque[Difference]
    has_drafts: bool
    diff: CatalogDiff
    live: LiveState
    leaving: Leaving
    holders: Holders
    use: Holders
    let_go: Sequence[Left]
    sold: Resolution
    record: Recorded


def _basis(
    desired: DesiredState,
    record: Recorded,
    catalog: PlanReader,
    live: LiveState,
    request: PlanInputs,
    progress: Progress,
) -> _Basis:
    policy = request.policy
    owned = ownership(desired, request.scope, policy.prune, request.previous)
    owned = with_versions(owned, desired, live)
    missed, released = (
        each & live.resources.keys() for each in (owned.missed, owned.released.keys())
    )
    need = need_of_plan(desired, policy.prune, missed, released, scope=request.scope)
    live = narrowed(live, need)
    kept = {each.address: each for each in request.kept}
    before = request.previous
    desired = with_unfinished(desired, live, before)
    sold = resolve(desired, catalog, live, request.scope, progress, kept, request.settled, before)
    diff = sold.without_hidden(diff_catalog(sold.desired, live, request.scope))
    leaving = owned.leaving(diff.differences, live)
    restarted = restarting(diff.differences)
    holders = sold.holders
    less = tightened(diff.differences, leaving.going, sold.versions.values(), policy)
    # Who holds a version costs requests, so it is asked only if something is taken from holders.
    if leaving.going or less:
        gone = leaving.going | sold.unheld | less.keys()
        holders = read_holders(catalog, gone, progress=progress, known=live).without(
            request.settled
        )
    use = read_use(catalog, restarted, progress=progress, known=live)
    seen = seen_as_sold(desired, live)
    missing = (d.address for d in diff.differences if d.drift is DriftClass.MISSING)
    inside = {address for address in missing if address.parent is not None}
    # Whether something was renamed is seen by all that it contains.
    wanted = sold.desired if leaving.going else sold.desired.without(inside)
    return _Basis(
        differences=deque(diff.differences),
        has_drafts=has_drafts(diff, catalog),
        diff=diff.without_missing(),
        live=live,
        leaving=leaving,
        holders=holders,
        use=use,
        let_go=fields_let_go(desired, seen, before) if before else (),
        sold=sold.changed(desired=wanted),
        record=record,
    )


def _taken(differences: deque[Difference]) -> Iterator[Difference]:
    """Each difference, which is gone from there by then."""
    while differences:
        yield differences.popleft()


def _proposed(found: _Basis, request: PlanInputs) -> Proposal:
    # What is missing is in the changes then. Of a new server that is all there is, and twice.
    changes = to_changes(_taken(found.differences), found.leaving, has_drafts=found.has_drafts)
    return propose(
        changes,
        found.diff,
        found.sold.desired,
        found.live,
        found.leaving,
        target=request.target,
        policy=request.policy,
        allowed=request.allowed,
        holders=found.holders,
        use=found.use,
        let_go=found.let_go,
        sold=found.sold,
        record=found.record,
    )


def apply_plan(
    plan: Plan,
    catalog: Catalog,
    *,
    progress: Progress,
    is_stopped: Callable[[], bool],
    journal: Journal | None = None,
    permit: Callable[[Sequence[Change]], None] = lambda _changes: None,
    workers: int | None = None,
) -> ApplyResult:
    """apply: re-read what the plan rests on, then do what is not done.

    `permit` is asked before the first write, with the changes that are left to do, and raises if
    they are refused. `journal` is told each outcome as soon as it is known.

    Raises:
        RefusedError: the plan breaks its own limits, or live is not as the plan saw it
            (`StalePlanError`). Nothing was written.
        ServerError, AccessError: live could not be read. Nothing was written.
    """
    check_guards(plan)
    workers = workers or catalog.connections
    sent_before = catalog.requests_sent
    found = read_observed(catalog, plan.observed, workers, plan.seen_whole)
    done = already_done(plan, found, _unobserved(plan, found, catalog, progress))
    # The last check: only now is it known what is left to do, and a resumed plan needs no more.
    left = [each for each in plan.changes if each.id not in done]
    sent_before += requests_to_permit(permit, left, catalog)
    result = execute(
        plan,
        done,
        catalog,
        progress=progress,
        journal=journal or NoJournal(),
        is_stopped=is_stopped,
        workers=workers,
    )
    return result.changed(requests=result.requests - sent_before)


def _unobserved(
    plan: Plan, found: Found, catalog: Catalog, progress: Progress
) -> Callable[[Collection[str]], Iterator[Diagnostic]]:
    """What a plan rests on beside single objects: who holds what, and which versions there are.

    What is returned names what is not as the plan saw it, given the ids of the changes that are
    done.
    """
    unheld = [observed.address for observed in plan.observed if observed.unheld]
    holders = read_holders(catalog, unheld, progress=progress)
    restarted = still_to_restart(plan, found)
    use = read_use(catalog, restarted, progress=progress)
    chance = by_chance(plan.families, plan.observed)
    joined = joining(plan.changes, {each.address for each in plan.new_versions})
    needs_versions = chance or joined or leaving_git(plan.families)
    versions = read_licenses(catalog, progress).resources.values() if needs_versions else ()
    taken = taken_over(chance, versions)
    unseen = unforeseen(plan, versions) if needs_versions else ()
    unused = (*used_since(restarted, use), *taken, *unseen)

    def conflicting(done: Collection[str]) -> Iterator[Diagnostic]:
        yield from (*conflicts(holders, plan, done), *unused, *unjoinable(joined, versions, done))

    return conflicting


def read_catalog(catalog: CatalogReader, *, scope: Scope, progress: Progress) -> LiveState:
    """live: everything in scope, as an export takes it. Raises as `make_plan` does."""
    return read_live(catalog, need_of_everything(scope=scope), scope, progress)


def check_supported(desired: DesiredState, catalog: CatalogReader) -> None:
    """Make sure that the server knows what is declared.

    Raises:
        DeclarationError: it does not know a field.
    """
    if needs_capabilities(desired):
        diagnostics = unsupported(desired, catalog.capabilities())
        if diagnostics:
            raise DeclarationError(diagnostics)


def has_drafts(diff: CatalogDiff, catalog: CatalogReader) -> bool:
    """Whether the server creates the missing objects in a first state, to be completed later."""
    missing = [d.address for d in diff.differences if d.drift is DriftClass.MISSING]
    first_states = {
        (address.kind, spec.wire_name)
        for address in missing
        for spec in spec_of(address.kind).fields.values()
        if spec.born_as is not ABSENT
    }
    return bool(first_states) and all(catalog.capabilities().knows(*each) for each in first_states)
