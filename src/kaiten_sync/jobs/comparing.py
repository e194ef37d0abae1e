"""Compare: two live catalogs side by side. Reads both servers and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.diff import server_differences, without_declared
from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.jobs.worth import with_families
from kaiten_sync.model.address import Address
from kaiten_sync.model.comparison import ComparedObject, Comparison
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import Fields
from kaiten_sync.pipeline import load, read_catalog
from kaiten_sync.resolution import seen_as_sold


class CompareRequest(Immutable, frozen=True, kw_only=True):
    """Which targets to compare.

    `shows_declared` keeps what the declaration says is different, and shows versions of families.
    """

    first: str
    second: str
    shows_declared: bool = False


def compare_targets(workspace: Workspace, request: CompareRequest, ports: Ports) -> Comparison:
    """Everything in scope that differs between two targets.

    Raises:
        UsageError: both are the same target, or one is not in the project file.
        KaitenSyncError: as `pipeline.read_catalog`, `pipeline.load` and `Connect` do.
    """
    if workspace.project is None:
        raise UsageError(
            "compare takes two targets of a project file, and none was found here or in a folder"
            " above",
            hint="name the project file with --project",
        )
    if request.first == request.second:
        known = ", ".join(sorted(workspace.project.targets))
        raise UsageError(
            f"compare takes two targets, and both are {request.first}",
            hint=f"the project file has: {known}",
        )
    first = workspace.connect_to_other(request.first)
    second = workspace.connect_to_other(request.second)
    targets = (first, second)
    declared = (
        [DesiredState(resources={})] * len(targets)
        if request.shows_declared
        else [load(workspace.source((), each.overlays)) for each in targets]
    )
    scope = workspace.scope
    sides: list[Mapping[Address, Fields]] = []
    for connection, says in zip(targets, declared, strict=True):
        with connection.open() as catalog:
            live = read_catalog(catalog, scope=scope, progress=ports.progress)
        # Families that are declared are compared as the version that each serves.
        found = with_families(seen_as_sold(says, live))
        sides.append({a: fields for a, fields in found.items() if scope.covers(a)})
    differences = server_differences(sides[0], sides[1])
    kept = differences
    if not request.shows_declared:
        kept = without_declared(differences, (declared[0], declared[1]), (sides[0], sides[1]))
    return Comparison(
        first=first.target,
        second=second.target,
        differences=kept,
        compared=len(sides[0].keys() | sides[1].keys()),
        declared=_size(differences) - _size(kept),
    )


def _size(differences: tuple[ComparedObject, ...]) -> int:
    """Objects that one server lacks count once, others by their fields."""
    return sum(max(1, len(each.fields)) for each in differences)
