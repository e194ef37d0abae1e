"""Live → diff: how a target differs, which side changed, and the plan that undoes edits.

The pipeline's stages in another order. Composition only.
"""

from __future__ import annotations

from collections.abc import Collection

from kaiten_sync.diff import (
    diff_catalog,
    undoing,
    with_deleted,
    with_named,
    with_unfinished,
    with_units,
)
from kaiten_sync.errors import UsageError
from kaiten_sync.families import live_families
from kaiten_sync.immutable import Immutable
from kaiten_sync.live import need_of_everything, read_holders, read_live, read_use
from kaiten_sync.model.address import Address
from kaiten_sync.model.drift import CatalogDiff, DriftClass, DriftReport
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import CatalogReader, PlanReader, Progress
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Policy, Prune, Scope
from kaiten_sync.pipeline import check_supported, has_drafts
from kaiten_sync.plan import (
    Leaving,
    Proposal,
    families_of,
    ownership,
    propose,
    restarting,
    seal,
    tightened,
    to_changes,
    with_versions,
)
from kaiten_sync.resolution import (
    named_versions,
    replaced_versions,
    reverting,
    seen_as_sold,
    sides_of,
    still_agreed,
)


class DriftCase(Immutable, frozen=True, kw_only=True):
    """What to compare: git now, the target's committed plan, and live.

    `only` are the objects to look at, with what they contain; empty for all. `prune` says what a
    plan would delete, and `counts_unmanaged` that what nobody declared is drift everywhere.
    """

    target: TargetRef
    scope: Scope
    agreed: Plan | None = None
    only: frozenset[Address] = frozenset()
    prune: Prune = Prune.OWNED
    counts_unmanaged: bool = False


def check_drift(
    desired: DesiredState,
    catalog: PlanReader,
    case: DriftCase,
    *,
    progress: Progress,
) -> DriftReport:
    """Live → diff, of everything in scope, and which side moved. Raises as `make_plan` does."""
    seen = _compare(desired, catalog, case, progress)
    replaced = replaced_versions(desired, catalog, seen.read, case.only, progress)
    found = sorted((*seen.diff.differences, *replaced), key=lambda each: each.address.sort_key)
    differing = {each.address for each in found}
    same = [each for each in case.only if not any(a.is_within({each}) for a in differing)]
    _check_versions(desired, seen.read, same)
    compared = [each for each in desired.resources if not case.only or each.is_within(case.only)]
    return DriftReport(
        target=case.target,
        differences=tuple(
            each.changed(is_drift=each.is_drift or case.counts_unmanaged)
            for each in with_units(found, desired, seen.sold)
        ),
        compared=len(compared),
    )


def plan_revert(
    desired: DesiredState,
    catalog: PlanReader,
    case: DriftCase,
    *,
    policy: Policy,
    progress: Progress,
    allowed: frozenset[Address] = frozenset(),
) -> Proposal:
    """A plan that undoes what was edited on the server, and what that rests on; nothing else.

    What it manages is what was agreed before: it agrees on nothing new. Raises as `make_plan`.
    """
    # Compare everything, even to undo little: taking a default back also moves its siblings.
    only, case = case.only, case.changed(only=frozenset())
    seen = _compare(desired, catalog, case, progress)
    desired = seen.desired
    managed = case.agreed.managed if case.agreed else ()
    siblings = families_of(desired, seen.sold).siblings
    undone = undoing(seen.diff.differences, only, managed, siblings)
    sold = reverting(undone.differences, desired, catalog, seen.read, case.scope, progress)
    diff = seen.diff.changed(differences=sold.differences)
    restarted = restarting(diff.differences)
    holders = sold.resolution.holders
    less = tightened(diff.differences, (), sold.resolution.versions.values(), policy)
    if less:
        unheld = sold.resolution.unheld | less.keys()
        holders = read_holders(catalog, unheld, progress=progress, known=seen.read)
    leaving = Leaving()
    proposal = propose(
        to_changes(diff.differences, leaving, has_drafts=has_drafts(diff, catalog)),
        diff,
        desired,
        seen.read,
        leaving,
        target=case.target,
        policy=policy,
        allowed=allowed,
        holders=holders,
        use=read_use(catalog, restarted, progress=progress, known=seen.read),
        sold=sold.resolution,
    )
    plan = _with_the_rest(proposal.plan, seen.diff)
    if case.agreed is not None:
        families = still_agreed(case.agreed.families, plan.families)
        plan = plan.changed(managed=case.agreed.managed, families=families)
    plan = seal(plan.changed(reverts=tuple(sorted(only, key=lambda each: each.sort_key))))
    return proposal.changed(
        plan=plan, diagnostics=(*undone.notes, *sold.notes, *proposal.diagnostics)
    )


def _check_versions(desired: DesiredState, read: LiveState, named: Collection[Address]) -> None:
    """Make sure that no version of a declared family is named: that is compared as what it sells.

    Raises:
        UsageError: one is.
    """
    found = live_families(read.resources.values())
    families = {
        version.address: family
        for family in desired.terms
        for version in (found[family.slug].versions if family.slug in found else ())
    }
    for each in sorted(named, key=lambda address: address.sort_key):
        family = families.get(each.root)
        if family is not None:
            known = family if each.parent is None else Address(each.kind, each.slug, family)
            raise UsageError(
                f"{each.root} is a version of {family}, which is compared as what it sells now",
                hint=f"name {known}; older versions are left as they are",
            )


def _with_the_rest(plan: Plan, found: CatalogDiff) -> Plan:
    """The plan with how many objects nobody declares: a revert leaves them all where they are."""
    unmanaged = sum(each.drift is DriftClass.UNMANAGED for each in found.differences)
    return plan.changed(summary=plan.summary.changed(unmanaged=unmanaged))


class _Compared(Immutable, frozen=True, kw_only=True):
    """The server as it is read, as it is declared, and how that differs from the declaration.

    `desired` is the declaration with what the agreed plan was to publish.
    """

    desired: DesiredState
    read: LiveState
    sold: LiveState
    diff: CatalogDiff


def compare(
    desired: DesiredState,
    catalog: CatalogReader,
    case: DriftCase,
    progress: Progress,
    named: Collection[Address] = (),
) -> tuple[LiveState, CatalogDiff]:
    """Everything in scope, and how it differs, with who moved. Raises as `make_plan` does.

    Each declared family is as the version that it serves.

    Raises:
        UsageError: a version of a declared family is `named`.
    """
    seen = _compare(desired, catalog, case, progress)
    _check_versions(desired, seen.read, named)
    return seen.sold, seen.diff


def _compare(
    desired: DesiredState,
    catalog: CatalogReader,
    case: DriftCase,
    progress: Progress,
) -> _Compared:
    managed = case.agreed.managed if case.agreed is not None else ()
    need = need_of_everything(desired, case.scope, managed)
    read = read_live(catalog, need, case.scope, progress, lambda: check_supported(desired, catalog))
    desired = with_unfinished(desired, read, case.agreed)
    live = seen_as_sold(desired, read)
    diff = diff_catalog(desired, live, case.scope)
    undeclared = case.only - desired.resources.keys()
    in_scope = (each for each in undeclared if case.scope.covers(each))
    diff = with_named(diff, live, desired, in_scope)
    owned = with_versions(ownership(desired, case.scope, case.prune, case.agreed), desired, read)
    going = owned.leaving(diff.differences, live).going
    differences = with_deleted(diff, live, going).differences
    differences = sides_of(differences, desired, read, live, case.agreed, going)
    differences = named_versions(differences, desired, read)
    if case.only:
        differences = tuple(d for d in differences if d.address.is_within(case.only))
    return _Compared(
        desired=desired, read=read, sold=live, diff=diff.changed(differences=differences)
    )
