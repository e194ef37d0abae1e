"""The project at hand, to which a plan file is held that is applied without its catalog.

Whatever the file says of limits, protection and families itself: it may be older than the project,
or forged.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.errors import DeclarationError, RefusedError
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.registry import family_kinds
from kaiten_sync.live import read_licenses
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Catalog, Connection, Notices, Ports
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Project
from kaiten_sync.pipeline import CatalogSource, load
from kaiten_sync.plan import held_to, outside, recheck, strangers, unproven


def check_policy(plan: Plan, workspace: Workspace, connection: Connection, ports: Ports) -> None:
    """Hold a plan to limits, protection and scope, and to what `onTighten` does not allow.

    Raises:
        RefusedError: it does more than it may.
    """
    if workspace.project is not None:
        declared = declared_at_hand(workspace.source((), connection.overlays), ports.notices)
        _refuse(refused_by(plan, workspace.project, declared))


def declared_at_hand(source: CatalogSource, notices: Notices) -> DesiredState:
    """What the catalog at hand declares, which says what is protected; nothing if it is wrong."""
    try:
        return load(source)
    except DeclarationError:
        notices.notify("The catalog is not valid, so only the plan says what is protected.")
        return DesiredState(resources={})


def refused_by(plan: Plan, project: Project, declared: DesiredState) -> tuple[Diagnostic, ...]:
    """Why a project does not let a plan be applied, as far as no server has to say it."""
    held = held_to(plan, project.policy)
    protected = held.guards.protected | declared.protected
    held = held.changed(guards=held.guards.changed(protected=protected))
    found = (*outside(held, project.scope), *recheck(held))
    return (*found, *unproven(held, project.policy, declared))


def check_versions(plan: Plan, workspace: Workspace, catalog: Catalog, ports: Ports) -> None:
    """Make sure that the server has the versions of a plan's families in these families.

    Raises:
        RefusedError: it has one in another family. ServerError, AccessError: it cannot be read.
    """
    kinds = {change.address.root.kind for change in plan.changes}
    if workspace.project is None or not plan.families or kinds.isdisjoint(family_kinds()):
        return
    live = read_licenses(catalog, ports.progress).resources.values()
    _refuse(tuple(strangers(plan, live, workspace.scope)))


def check_migration(plan: Plan, workspace: Workspace) -> Plan:
    """A migration, held to the limit and the scope.

    Raises:
        RefusedError: it moves more than it may, or the holders of a family out of scope.
    """
    if workspace.project is None:
        return plan
    _refuse(refused_by(plan, workspace.project, DesiredState(resources={})))
    return held_to(plan, workspace.policy)


def _refuse(refusals: Sequence[Diagnostic]) -> None:
    if refusals:
        raise RefusedError(
            "the plan is refused",
            refusals,
            hint="nothing was written; the project file says what a plan may do",
        )
