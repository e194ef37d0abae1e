"""Doctor: whether each target is reached, what its token may do, and its generation."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kaiten_sync.errors import CredentialError, KaitenSyncError
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.registry import wire_fields
from kaiten_sync.live import need_of_everything, owned_on_server
from kaiten_sync.model.address import Kind
from kaiten_sync.model.examination import Examination, Examined
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.ports import Catalog, Connection
from kaiten_sync.model.rights import CATALOG, Module, Rights
from kaiten_sync.model.settings import Scope


def examine(workspace: Workspace, *, is_one: bool) -> Examination:
    """The server that the caller chose, or all targets of the project if there are any.

    One target that is not reached holds up no other.

    Raises:
        UsageError: there is no such target, or no server at all. CredentialError: the one that is
            chosen has no token.
    """
    project = workspace.project
    if is_one or project is None or not project.targets:
        return Examination(targets=(_examined(workspace.connect(None), workspace.scope),))
    targets = []
    for name, each in project.targets.items():
        try:
            connection = workspace.connect_to_other(name)
        except KaitenSyncError as error:
            targets.append(Examined(name=name, url=each.url, error=error))
        else:
            targets.append(_examined(connection, workspace.scope))
    return Examination(targets=tuple(targets))


def _examined(connection: Connection, scope: Scope) -> Examined:
    found = Examined(name=connection.target.name, url=connection.target.url)
    with connection.open() as catalog:
        try:
            found = found.changed(rights=_rights_in(scope, catalog))
            found = _with_generation(found, catalog)
        except KaitenSyncError as error:
            found = found.changed(error=error)
        return found.changed(requests=catalog.requests_sent)


def _rights_in(scope: Scope, catalog: Catalog) -> Rights:
    needed, written = need_of_everything(scope=scope).kinds, owned_on_server(scope)
    return catalog.rights().changed(needed=_modules(needed), written=_modules(written))


def _modules(kinds: Collection[Kind]) -> tuple[Module, ...]:
    """The modules of some kinds: groups have that of entitlements."""
    used = {"licenses" if kind == LICENSE.kind else "entitlements" for kind in kinds}
    return tuple(module for module in CATALOG if module in used)


def _with_generation(found: Examined, catalog: Catalog) -> Examined:
    try:
        known = catalog.capabilities()
    except CredentialError:  # the lists that are asked need a scope, which `rights` says already
        return found
    current, first = wire_fields(Generation.CURRENT), wire_fields(Generation.GETTING_STARTED)
    # What only the current generation has: the getting-started one has fields of its own as well.
    news: Mapping[str, frozenset[str]] = {kind: current[kind] - first[kind] for kind in current}
    is_current = any(known.knows(kind, name) for kind, names in news.items() for name in names)
    return found.changed(
        generation=Generation.CURRENT if is_current else Generation.GETTING_STARTED,
        source=known.source,
    )
