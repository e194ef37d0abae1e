"""Migrate: plan moving the holders of a license family to one of its versions."""

from __future__ import annotations

from kaiten_sync.errors import PlanFileError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.agreed import read_plan_file
from kaiten_sync.jobs.nameless import unnamed
from kaiten_sync.jobs.overwriting import Output, check_replaces, write_output
from kaiten_sync.jobs.ruling import ruled
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.migration import MigrationInputs, make_migration
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.policy_rule import rules_digest
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.settings import Limit
from kaiten_sync.plan import Proposal, changed_between, plan_pieces

__all__ = ["MigrateRequest", "migrate"]


class MigrateRequest(Immutable, frozen=True, kw_only=True):
    """Whom to move.

    `to` is a version, None for the one that the family serves. `wave` limits the plan to a share
    of the holders, and `where` is an expression in CEL that chooses among them. `allowed` are moved
    whatever it takes from them, `skipped` are left. `max_moves` overrides the project's limit.
    Without `is_named` only the file names instances, and nothing customers. `out` is the file to
    write.
    """

    family: str
    to: str | None = None
    wave: Limit | None = None
    where: str | None = None
    allowed: frozenset[Address] = frozenset()
    skipped: frozenset[Address] = frozenset()
    max_moves: Limit | None = None
    is_named: bool = True
    out: str | None = None


def migrate(workspace: Workspace, request: MigrateRequest, ports: Ports) -> Proposal:
    """Plan the next wave, and write the plan file unless a guard refuses it.

    If the file has the wave before, what the version has come to grant differently since is said.

    Raises:
        UsageError: the family or the version does not exist, the wave is of nobody, or `out` is
            another file.
        RefusedError: the project does not own the family.
        KaitenSyncError: as `make_migration` and `Connect` do.
    """
    connection = workspace.connect(None)
    if request.wave is not None and request.wave.is_nothing:
        raise UsageError("a wave takes at least one holder", hint="such as --wave 10%, or --wave 5")
    before = check_replaces(request.out, ports.files, Output.MIGRATION)
    inputs = MigrationInputs(
        target=connection.target,
        family=request.family,
        scope=workspace.scope,
        to=request.to,
        wave=request.wave,
        where=request.where,
        allowed=request.allowed,
        skipped=request.skipped,
        is_named=request.is_named,
        max_moves=request.max_moves or workspace.policy.max_moves,
        rules=rules_digest(workspace.policy.rules),
    )
    with connection.open() as catalog:
        proposal = make_migration(inputs, catalog, progress=ports.progress, now=ports.clock())
    wave_before = _plan_at(request.out, ports)
    changed = changed_between(wave_before, proposal.plan) if wave_before is not None else ()
    for note in (*proposal.notes, *changed):
        ports.notices.notify(note.sentence)
    # Judged with names, since a rule may be about holders, and only then shown without.
    proposal = ruled(proposal, workspace.policy, ports)
    if request.out is not None and not proposal.refusals:
        write_output(request.out, plan_pieces(proposal.plan), ports.files, before)
    return proposal if request.is_named else unnamed(proposal)


def _plan_at(path: str | None, ports: Ports) -> Plan | None:
    """The plan of the wave before, if that is what the file holds and can be read."""
    try:
        return None if path is None else read_plan_file(path, ports.files)
    except (PlanFileError, UsageError):
        return None
