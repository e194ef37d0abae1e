"""THE MAP: declare → validate → live → diff → plan → apply → report.

Each function here is one of the program's jobs, told as the order of its stages. Composition
only: a rule that would fit in here belongs into a stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kaiten_sync.apply.execute import execute
from kaiten_sync.apply.freshness import already_done
from kaiten_sync.apply.observe import read_observed
from kaiten_sync.declare import build_desired, merge_documents, read_documents
from kaiten_sync.diff.compare import diff_catalog
from kaiten_sync.errors import DeclarationError
from kaiten_sync.live.need import need_of_everything, need_of_plan
from kaiten_sync.live.read import WORKERS, read_live
from kaiten_sync.model.address import Kind
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import CatalogDiff, DriftClass, DriftReport
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Catalog, CatalogReader, Progress
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.plan.build import Proposal, propose
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
    catalog: CatalogReader,
    *,
    target: TargetRef,
    scope: Scope,
    policy: Policy,
    progress: Progress,
    workers: int = WORKERS,
) -> Proposal:
    """Live → diff → plan.

    Raises:
        DeclarationError: the server does not know a declared field.
        ServerError, AccessError: the live catalog could not be read whole.
    """
    _check_supported(desired, catalog)
    live = read_live(catalog, need_of_plan(desired, policy.prune), scope, progress, workers)
    diff = diff_catalog(desired, live, scope)
    return propose(
        diff,
        desired,
        live,
        target=target,
        policy=policy,
        has_drafts=_creates_license(diff) and _has_drafts(catalog),
    )


def apply_plan(
    plan: Plan,
    catalog: Catalog,
    *,
    progress: Progress,
    is_stopped: Callable[[], bool],
    workers: int = WORKERS,
) -> ApplyResult:
    """apply: re-read what the plan rests on, then do what is not done.

    Raises:
        StalePlanError: live is not as the plan saw it. Nothing was written.
        ServerError, AccessError: live could not be read. Nothing was written.
    """
    sent_before = catalog.requests_sent
    found = read_observed(catalog, plan.observed, workers)
    done = already_done(plan, found)
    result = execute(plan, done, catalog, progress=progress, is_stopped=is_stopped, workers=workers)
    return replace(result, requests=result.requests - sent_before)


def check_drift(
    desired: DesiredState,
    catalog: CatalogReader,
    *,
    target: TargetRef,
    scope: Scope,
    progress: Progress,
    workers: int = WORKERS,
) -> DriftReport:
    """Live → diff, of everything in scope. Raises as `make_plan` does."""
    _check_supported(desired, catalog)
    live = read_live(catalog, need_of_everything(), scope, progress, workers)
    diff = diff_catalog(desired, live, scope)
    return DriftReport(target=target, differences=diff.differences, compared=len(desired.resources))


def read_catalog(
    catalog: CatalogReader, *, scope: Scope, progress: Progress, workers: int = WORKERS
) -> LiveState:
    """live: everything in scope, as an export takes it. Raises as `make_plan` does."""
    return read_live(catalog, need_of_everything(), scope, progress, workers)


def _check_supported(desired: DesiredState, catalog: CatalogReader) -> None:
    if needs_capabilities(desired):
        findings = unsupported(desired, catalog.capabilities())
        if findings:
            raise DeclarationError(findings)


def _creates_license(diff: CatalogDiff) -> bool:
    return any(
        d.drift is DriftClass.MISSING and d.address.kind is Kind.LICENSE for d in diff.differences
    )


def _has_drafts(catalog: CatalogReader) -> bool:
    """Whether the server creates licenses as drafts, to be published when they are complete."""
    return catalog.capabilities().knows(Kind.LICENSE, "lifecycleState")
