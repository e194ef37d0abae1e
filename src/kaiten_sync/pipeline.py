"""THE MAP: declare → validate → live → diff → plan → apply → report.

Each function here is one of the program's jobs, told as the order of its stages. Composition
only: a rule that would fit in here belongs into a stage.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kaiten_sync.apply.execute import execute
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.declare import build_desired, merge_documents, read_documents
from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.diff.sides import undoing, with_sides
from kaiten_sync.errors import DeclarationError, RefusedError
from kaiten_sync.live.holders import read_holders
from kaiten_sync.live.need import narrowed, need_of_everything, need_of_plan
from kaiten_sync.live.read import WORKERS, read_live
from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import CatalogDiff, DriftClass, DriftReport
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import (
    Catalog,
    CatalogReader,
    Journal,
    NoJournal,
    PlanReader,
    Progress,
)
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Policy, Prune, Scope
from kaiten_sync.plan.build import Proposal, propose
from kaiten_sync.plan.guards import recheck
from kaiten_sync.plan.held import conflicts
from kaiten_sync.plan.ownership import forgotten, owned_by, pruned
from kaiten_sync.plan.plan_file import seal
from kaiten_sync.validate import check
from kaiten_sync.validate.supported import needs_capabilities, unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogSource:
    """Where a declaration is: paths of files, folders and globs, relative to `root`."""

    root: Path
    catalog: Sequence[str]
    overlays: Sequence[str] = ()
    scope: Scope = field(default_factory=Scope)


def validate(source: CatalogSource) -> tuple[DesiredState | None, tuple[Diagnostic, ...]]:
    """Declare → validate. The declaration, None when it has errors, and all findings."""
    base, read_findings = read_documents(source.catalog, root=source.root)
    overlays, overlay_findings = read_documents(source.overlays, root=source.root)
    merged, merge_findings = merge_documents(base, overlays)
    findings = [*read_findings, *overlay_findings, *merge_findings, *check(merged, source.scope)]
    findings.sort(key=lambda finding: finding.sort_key)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, tuple(findings)
    return build_desired(merged), tuple(findings)


def load(source: CatalogSource) -> DesiredState:
    """Declare → validate.

    Raises:
        DeclarationError: with every finding of the run.
    """
    desired, findings = validate(source)
    if desired is None:
        raise DeclarationError(findings)
    return desired


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
    workers: int = WORKERS,
) -> Proposal:
    """Live → diff → plan.

    `previous` is the target's last plan, from which ownership comes; `allowed` are the objects
    whose protection a person lifted by name.

    Raises:
        DeclarationError: the server does not know a declared field.
        ServerError, AccessError: the live catalog could not be read whole.
    """
    _check_supported(desired, catalog)
    owned = owned_by(previous) if policy.prune is Prune.OWNED else frozenset()
    missed = forgotten(desired, scope, owned)
    need = need_of_plan(desired, policy.prune, missed)
    live = read_live(catalog, need, scope, progress, workers)
    live = narrowed(live, need_of_plan(desired, policy.prune, missed & live.resources.keys()))
    diff = diff_catalog(desired, live, scope)
    gone = pruned(diff.differences, policy.prune, owned)
    return propose(
        diff,
        desired,
        live,
        target=target,
        policy=policy,
        has_drafts=_creates_license(diff) and _has_drafts(catalog),
        previous=previous,
        allowed=allowed,
        holders=read_holders(
            catalog,
            licenses=_slugs(gone, Kind.LICENSE),
            entitlements=_slugs(gone, Kind.ENTITLEMENT),
            progress=progress,
            workers=workers,
            known=live,
        ),
    )


def apply_plan(
    plan: Plan,
    catalog: Catalog,
    *,
    progress: Progress,
    is_stopped: Callable[[], bool],
    journal: Journal | None = None,
    workers: int = WORKERS,
) -> ApplyResult:
    """apply: re-read what the plan rests on, then do what is not done.

    `journal` is told each outcome as soon as it is known.

    Raises:
        RefusedError: the plan breaks its own limits, or live is not as the plan saw it
            (`StalePlanError`). Nothing was written.
        ServerError, AccessError: live could not be read. Nothing was written.
    """
    _check_guards(plan)
    sent_before = catalog.requests_sent
    found = read_observed(catalog, plan.observed, workers)
    unheld = [observed.address for observed in plan.observed if observed.unheld]
    holders = read_holders(
        catalog,
        licenses=_slugs(unheld, Kind.LICENSE),
        entitlements=_slugs(unheld, Kind.ENTITLEMENT),
        progress=progress,
        workers=workers,
    )
    done = already_done(plan, found, conflicts(holders, plan))
    result = execute(
        plan,
        done,
        catalog,
        progress=progress,
        journal=journal or NoJournal(),
        is_stopped=is_stopped,
        workers=workers,
    )
    return replace(result, requests=result.requests - sent_before)


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftCase:
    """What to compare: git now, the target's committed plan, and live.

    `only` are the objects to look at, empty for all.
    """

    target: TargetRef
    scope: Scope
    agreed: Plan | None = None
    only: frozenset[Address] = frozenset()


def check_drift(
    desired: DesiredState,
    catalog: CatalogReader,
    case: DriftCase,
    *,
    progress: Progress,
    workers: int = WORKERS,
) -> DriftReport:
    """Live → diff, of everything in scope, and which side moved. Raises as `make_plan` does."""
    _, diff = compare(desired, catalog, case, progress, workers)
    compared = desired.resources.keys() & case.only if case.only else desired.resources
    return DriftReport(target=case.target, differences=diff.differences, compared=len(compared))


def plan_revert(
    desired: DesiredState,
    catalog: PlanReader,
    case: DriftCase,
    *,
    policy: Policy,
    progress: Progress,
    workers: int = WORKERS,
) -> Proposal:
    """A plan that undoes what was edited on the server, and nothing else.

    What it manages is what was agreed before: it agrees on nothing new. Raises as `make_plan`.
    """
    live, diff = compare(desired, catalog, case, progress, workers)
    undone, remarks = undoing(diff.differences)
    proposal = propose(
        replace(diff, differences=undone),
        desired,
        live,
        target=case.target,
        policy=replace(policy, prune=Prune.NEVER),
        has_drafts=any(d.drift is DriftClass.MISSING for d in undone) and _has_drafts(catalog),
    )
    plan = proposal.plan
    if case.agreed is not None:
        plan = seal(replace(plan, managed=case.agreed.managed))
    return replace(proposal, plan=plan, remarks=(*remarks, *proposal.remarks))


def compare(
    desired: DesiredState,
    catalog: CatalogReader,
    case: DriftCase,
    progress: Progress,
    workers: int = WORKERS,
) -> tuple[LiveState, CatalogDiff]:
    """Everything in scope, and how it differs, with who moved. Raises as `make_plan` does."""
    _check_supported(desired, catalog)
    live = read_live(catalog, need_of_everything(), case.scope, progress, workers)
    diff = diff_catalog(desired, live, case.scope)
    differences = diff.differences
    if case.agreed is not None:
        differences = with_sides(differences, desired, live, case.agreed)
    if case.only:
        differences = tuple(d for d in differences if d.address in case.only)
    return live, replace(diff, differences=differences)


def read_catalog(
    catalog: CatalogReader, *, scope: Scope, progress: Progress, workers: int = WORKERS
) -> LiveState:
    """live: everything in scope, as an export takes it. Raises as `make_plan` does."""
    return read_live(catalog, need_of_everything(), scope, progress, workers)


def _check_guards(plan: Plan) -> None:
    findings = recheck(plan)
    if findings:
        raise RefusedError(
            "the plan is refused",
            findings,
            hint="make the plan again; what it may do stands in the project file",
        )


def _check_supported(desired: DesiredState, catalog: CatalogReader) -> None:
    if needs_capabilities(desired):
        findings = unsupported(desired, catalog.capabilities())
        if findings:
            raise DeclarationError(findings)


def _slugs(addresses: Collection[Address], kind: Kind) -> list[str]:
    return [address.slug for address in addresses if address.kind is kind]


def _creates_license(diff: CatalogDiff) -> bool:
    return any(
        d.drift is DriftClass.MISSING and d.address.kind is Kind.LICENSE for d in diff.differences
    )


def _has_drafts(catalog: CatalogReader) -> bool:
    """Whether the server creates licenses as drafts, to be published when they are complete."""
    return catalog.capabilities().knows(Kind.LICENSE, "lifecycleState")
