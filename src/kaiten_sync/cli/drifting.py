"""Drift: which targets, against what, and in which form."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kaiten_sync.bootstrap import Connection, Flags
from kaiten_sync.cli.options import CatalogChoice, ServerChoice
from kaiten_sync.cli.output import look_of
from kaiten_sync.cli.planning import committed_plan, read_plan_of
from kaiten_sync.cli.progress import terminal_progress
from kaiten_sync.cli.session import connection_to, flags_of, load_project, source_of
from kaiten_sync.errors import KaitenSyncError, UsageError
from kaiten_sync.model.address import Address, parse_address
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.settings import Policy, Project
from kaiten_sync.pipeline import CatalogSource, DriftCase, check_drift, load, plan_revert
from kaiten_sync.plan.build import Proposal
from kaiten_sync.report import formats

_NO_PLAN = (
    "No committed plan of {name} is known: which side moved cannot be told (--plan names one)."
)
_NO_GIT = "No git history is known here: who declared what cannot be told."


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to look at: some objects, or all of them, of one target."""

    connection: Connection
    source: CatalogSource
    project: Project | None
    agreed: Plan | None
    agreed_path: str | None
    only: frozenset[Address]
    words: tuple[str, ...]

    @property
    def case(self) -> DriftCase:
        """What the pipeline compares."""
        return DriftCase(
            target=self.connection.target,
            scope=self.source.scope,
            agreed=self.agreed,
            root=self.source.root,
            only=self.only,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A target that could not be looked at, and why."""

    target: str
    error: KaitenSyncError


def requests_for(
    declaration: CatalogChoice,
    server: ServerChoice,
    *,
    plan: str | None,
    addresses: Sequence[str],
    is_all: bool,
) -> tuple[list[Request], list[Failure]]:
    """One request for each target that the command line means, or why there is none.

    Raises:
        UsageError: `--all` without targets, or together with one.
        KaitenSyncError: one target is meant, and it cannot be asked; as `read_plan_of` does.
    """
    project = load_project(declaration.project)
    only = _addresses(addresses)
    if not is_all:
        return [_request(declaration, server, flags_of(server), project, plan, only)], []
    if server.target is not None or server.base_url is not None or plan is not None:
        raise UsageError("--all takes every target of the project: no -t, --base-url or --plan")
    if project is None or not project.targets:
        raise UsageError("--all needs a project file with targets")
    requests: list[Request] = []
    failures: list[Failure] = []
    for name in project.targets:
        flags = replace(flags_of(server), target=name)
        try:
            requests.append(_request(declaration, server, flags, project, None, only))
        except KaitenSyncError as error:
            failures.append(Failure(target=name, error=error))
    return requests, failures


def reports_on(
    requests: Sequence[Request], *, is_all: bool
) -> tuple[list[DriftReport], list[Failure]]:
    """The reports of several targets, and what failed: one that fails holds up no other.

    Raises:
        UsageError: an object that is named is nowhere.
        KaitenSyncError: one target is meant, and it fails.
    """
    reports: list[DriftReport] = []
    failures: list[Failure] = []
    unknown: list[frozenset[Address]] = []
    for request in requests:
        try:
            report, strangers = _report_on(request)
        except KaitenSyncError as error:
            if not is_all:
                raise
            failures.append(Failure(target=request.connection.target.name, error=error))
        else:
            reports.append(report)
            unknown.append(strangers)
    if unknown and not failures:
        _check_named(frozenset.intersection(*unknown))
    return reports, failures


def revert_of(request: Request, policy: Policy) -> Proposal:
    """The plan that undoes edits on the server. Raises as `pipeline.plan_revert` does."""
    desired = load(request.source)
    with request.connection.open() as catalog:
        return plan_revert(
            desired, catalog, request.case, policy=policy, progress=terminal_progress()
        )


def render_drift(
    reports: Sequence[DriftReport],
    failures: Sequence[Failure],
    output_format: str,
    *,
    is_all: bool,
) -> str:
    """Reports in one of the formats of `drift`."""
    from kaiten_sync.cli.run import error_json

    failed = {failure.target: error_json(failure.error) for failure in failures}
    document = formats.DriftDocument(reports=reports, failed=failed, is_all=is_all)
    return formats.DRIFT[output_format](document, look_of(sys.stdout))


def _report_on(request: Request) -> tuple[DriftReport, frozenset[Address]]:
    """The report, and those of the objects that are named which are on neither side."""
    desired = load(request.source)
    with request.connection.open() as catalog:
        found = check_drift(desired, catalog, request.case, progress=terminal_progress())
    report = replace(
        found,
        agreed=request.agreed_path,
        unknown=tuple(_unknown(request, found)),
        words=request.words,
    )
    known = desired.resources.keys() | {difference.address for difference in found.differences}
    return report, request.only.difference(known)


def _check_named(unknown: frozenset[Address]) -> None:
    """No drift of an object that is not there would be a wrong answer to a typing mistake."""
    if unknown:
        names = ", ".join(sorted(str(address) for address in unknown))
        raise UsageError(
            f"neither declared nor on the server, as far as the scope reaches: {names}",
            hint="`kaiten-sync drift` without an address shows what differs",
        )


def _request(
    declaration: CatalogChoice,
    server: ServerChoice,
    flags: Flags,
    project: Project | None,
    plan: str | None,
    only: frozenset[Address],
) -> Request:
    connection = connection_to(flags, project)
    path = _plan_path(plan, connection, project)
    return Request(
        connection=connection,
        source=source_of(declaration.files, project, connection.overlays),
        project=project,
        agreed=None if path is None else read_plan_of(connection.target, path),
        agreed_path=path,
        only=only,
        words=_words(declaration, server, flags),
    )


def _plan_path(plan: str | None, connection: Connection, project: Project | None) -> str | None:
    """The plan that was agreed on: the one that is named, or the committed one."""
    if plan is None:
        return committed_plan(project, connection.target.name)
    return None if plan == "none" else plan


def _words(declaration: CatalogChoice, server: ServerChoice, flags: Flags) -> tuple[str, ...]:
    """The words that say again which catalog and which target. Never a token."""
    words = [word for path in declaration.files for word in ("-f", path)]
    for option, value in (
        ("--project", declaration.project),
        ("-t", flags.target),
        ("--base-url", server.base_url),
    ):
        words += [option, value] if value is not None else []
    return tuple(words)


def _unknown(request: Request, found: DriftReport) -> list[str]:
    unknown = []
    if found.has_drift and request.agreed is None:
        unknown.append(_NO_PLAN.format(name=request.connection.target.name))
    declared = [d for d in found.differences if d.source is not None]
    if declared and not any(d.declared_by for d in declared):
        unknown.append(_NO_GIT)
    return unknown


def _addresses(texts: Sequence[str]) -> frozenset[Address]:
    try:
        return frozenset(parse_address(text) for text in texts)
    except ValueError as error:
        raise UsageError(
            f"this is no address: {error}", hint="such as license/growth/grant/api-calls"
        ) from error
