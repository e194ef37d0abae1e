"""Drift: how one target or all of them differ from the declaration, and which side changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kaiten_sync.diff import is_to_do
from kaiten_sync.drift import DriftCase, check_drift, plan_revert
from kaiten_sync.errors import KaitenSyncError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.agreed import Agreed, agreed_on, usual_place
from kaiten_sync.jobs.impacting import impact_of
from kaiten_sync.jobs.known import check_known, hint_at, names_of, unknown_of
from kaiten_sync.jobs.moving import check_moved
from kaiten_sync.jobs.nameless import unnamed
from kaiten_sync.jobs.overwriting import Output, check_replaces, write_output
from kaiten_sync.jobs.planning import PolicyOverrides, Proposal
from kaiten_sync.jobs.ruling import budget_for, ruled
from kaiten_sync.jobs.suggesting import drift_command
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.address import Address
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.family import Way
from kaiten_sync.model.ports import Catalog, Connection, Ports
from kaiten_sync.model.settings import Prune
from kaiten_sync.pipeline import CatalogSource, load
from kaiten_sync.plan import plan_pieces

_NO_PLAN = "No committed plan for {name}: cannot tell which side changed; pass --plan."
_NOT_BEGUN = (
    "No change of {place} is on the server. What git is ahead with was not applied yet, or somebody"
    " undid it."
)
_NO_GIT = "No git history here, so authors are not shown."
_GIT_REFUSES = "git reads no history here, so authors are not shown: {why}"


class DriftRequest(Immutable, frozen=True, kw_only=True):
    """What to look at.

    `files` replace the project's catalog, and `plan` names what was agreed, as `agreed_on` takes
    it. `only` are the objects to look at, with what they contain; empty for all. `is_all` means
    every target of the project, and `counts_unmanaged` that what nobody declared is drift
    everywhere. `prune` replaces the project's. A revert may do what `overrides` say, whatever the
    project does, and to the objects of `allowed`; without `is_named` it names no instance and no
    customer. `words` are those of a command line that name the catalog and the target, for the
    commands that a report suggests.
    """

    files: tuple[str, ...] = ()
    plan: str | None = None
    only: frozenset[Address] = frozenset()
    is_all: bool = False
    prune: Prune | None = None
    overrides: PolicyOverrides = PolicyOverrides()
    allowed: frozenset[Address] = frozenset()
    counts_unmanaged: bool = False
    is_named: bool = True
    words: tuple[str, ...] = ()


class UnreadTarget(Immutable, frozen=True, kw_only=True):
    """A target that could not be read, and why."""

    target: str
    error: KaitenSyncError


class Drifts(Immutable, frozen=True, kw_only=True):
    """The reports of the targets that were read, and the targets that were not."""

    reports: tuple[DriftReport, ...]
    unread: tuple[UnreadTarget, ...] = ()


class Sides(Immutable, frozen=True, kw_only=True):
    """The three sides of one target: the declaration, what was agreed, and the way to live."""

    connection: Connection
    source: CatalogSource
    agreed: Agreed
    case: DriftCase
    words: tuple[str, ...]
    named_plan: str | None = None
    usual_plan: str | None = None

    @contextmanager
    def open(self, ports: Ports) -> Iterator[Catalog]:
        """The live side, known to be the server that was agreed about, whatever its URL was.

        Raises:
            PlanFileError: nothing shows that it is.
        """
        with self.connection.open() as catalog:
            check_moved(self.agreed, self.connection.target, catalog, ports, words=self.words)
            yield catalog


def drift(workspace: Workspace, request: DriftRequest, ports: Ports) -> Drifts:
    """The reports of one target or of all. One that cannot be read holds up no other.

    Raises:
        UsageError: all are meant and the project names none, or an address is on neither side.
        KaitenSyncError: one target is meant, and it cannot be read.
    """
    if not request.is_all:
        report, strangers = _report_on(sides_of(workspace, request, ports), ports)
        check_known(strangers, *request.words)
        return Drifts(reports=(report,))
    if workspace.project is None or not workspace.project.targets:
        raise UsageError(
            "--all needs a project file with targets",
            hint="name them under `targets:` in kaiten-sync.yaml, or leave out --all",
        )
    return _drift_of_all(list(workspace.project.targets), workspace, request, ports)


def revert(workspace: Workspace, request: DriftRequest, out: str | None, ports: Ports) -> Proposal:
    """The plan that undoes edits on the server, written to `out` unless a guard refuses it.

    Raises:
        UsageError: `out` is another file, or cannot be written, or an object that is named is not
            declared.
        KaitenSyncError: as `drift.plan_revert` does.
    """
    sides = sides_of(workspace, request, ports)
    before = check_replaces(out, ports.files, Output.PLAN)
    desired = load(sides.source)
    unknown = unknown_of(request.only, desired.resources)
    if unknown:
        raise UsageError(
            f"not declared, so there is nothing to revert to: {names_of(unknown)}",
            hint=hint_at(
                unknown,
                f"`{drift_command(sides.words)}` shows what differs, and how to answer it",
            ),
        )
    with sides.open(ports) as catalog:
        proposal = plan_revert(
            desired,
            catalog,
            sides.case,
            policy=request.overrides.over(workspace.policy),
            progress=ports.progress,
            allowed=request.allowed,
        )
        budget = budget_for(workspace.policy.rules, proposal.plan)
        impact = impact_of(proposal.plan, catalog, budget, ports, upward=True)
        proposal = ruled(proposal.changed(impact=impact), workspace.policy, ports)
    proposal = proposal if request.is_named else unnamed(proposal)
    for note in proposal.notes:
        ports.notices.notify(note.sentence)
    if out is not None and not proposal.refusals:
        write_output(out, plan_pieces(proposal.plan), ports.files, before)
    changed = {each.address.root.slug for each in proposal.plan.changes}
    for each in proposal.plan.families:
        # Once the revert is applied, the committed plan is older than what the family serves.
        if each.way is Way.NEW_VERSION and each.version in changed:
            ports.notices.notify(
                f"{each.address} will serve {each.version}; once that is applied, plan again and"
                " commit the plan, to agree on that version"
            )
    return proposal


def sides_of(
    workspace: Workspace, request: DriftRequest, ports: Ports, target: str | None = None
) -> Sides:
    """The sides of a target; None means the one that the caller chose.

    Raises:
        PlanFileError: the agreed plan is not a plan, was edited, or is another target's.
        UsageError, CredentialError: the target is not known, or has no token.
    """
    connection = workspace.connect(target)
    agreed = agreed_on(connection.target, request.plan, workspace, ports, may_have_moved=True)
    source = workspace.source(request.files, connection.overlays)
    return Sides(
        connection=connection,
        agreed=agreed,
        source=source,
        case=DriftCase(
            target=connection.target,
            scope=source.scope,
            agreed=agreed.plan,
            only=request.only,
            prune=request.prune or workspace.policy.prune,
            counts_unmanaged=request.counts_unmanaged,
        ),
        words=request.words if target is None else (*request.words, "-t", target),
        named_plan=request.plan,
        usual_plan=usual_place(workspace, connection.target.name),
    )


def _drift_of_all(
    targets: Sequence[str], workspace: Workspace, request: DriftRequest, ports: Ports
) -> Drifts:
    sides: list[Sides] = []
    unasked: list[UnreadTarget] = []
    for name in targets:
        try:
            # All before the first is read: a token that is missing shows before minutes of
            # reading.
            sides.append(sides_of(workspace, request, ports, name))
        except KaitenSyncError as error:
            unasked.append(UnreadTarget(target=name, error=error))
    reports: list[DriftReport] = []
    unread: list[UnreadTarget] = []
    unknown: list[Mapping[Address, str | None]] = []
    for each in sides:
        try:
            report, strangers = _report_on(each, ports)
        except KaitenSyncError as error:
            unread.append(UnreadTarget(target=each.connection.target.name, error=error))
        else:
            reports.append(report)
            unknown.append(strangers)
    # An address may be on the one target that could not be read, so nothing is said of it then.
    if unknown and not unread:
        # It is enough that one of the targets has it.
        nowhere = {each: unknown[0][each] for each in set(unknown[0]).intersection(*unknown)}
        check_known(nowhere, "--all", *request.words)
    return Drifts(reports=tuple(reports), unread=(*unasked, *unread))


def _report_on(sides: Sides, ports: Ports) -> tuple[DriftReport, Mapping[Address, str | None]]:
    """The report, and those of the objects that are named which are on neither side."""
    desired = load(sides.source)
    with sides.open(ports) as catalog:
        found = check_drift(desired, catalog, sides.case, progress=ports.progress)
    found = found.changed(
        # git is asked only for lines that differ: all would take longer than the reading.
        differences=ports.history.attributed(found.differences, sides.source.root),
        agreed=sides.agreed.place,
        words=sides.words,
        named_plan=sides.named_plan,
        usual_plan=sides.usual_plan,
    )
    known = desired.resources.keys() | {difference.address for difference in found.differences}
    unknown: list[str] = []
    if found.has_drift and sides.agreed.plan is None:
        unknown.append(_NO_PLAN.format(name=sides.connection.target.name))
    if sides.agreed.plan is not None and is_to_do(found.differences, sides.agreed.plan):
        unknown.append(_NOT_BEGUN.format(place=sides.agreed.place))
    declared = [d for d in found.differences if d.source is not None]
    if declared and not any(d.declared_by for d in declared):
        why = ports.history.refusal(Path(sides.source.root))
        unknown.append(_NO_GIT if why is None else _GIT_REFUSES.format(why=why))
    report = found.changed(unknown=tuple(unknown))
    return report, unknown_of(sides.case.only, known)
