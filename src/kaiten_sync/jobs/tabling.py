"""Table: the catalog as a pricing page shows it, declared, live, or as a plan changes it."""

from __future__ import annotations

from typing import Any

from kaiten_sync.errors import KaitenSyncError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.agreed import read_plan_file
from kaiten_sync.jobs.impacting import impact_of_saved
from kaiten_sync.jobs.suggesting import show_command
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.kinds.family import FAMILY
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.model.address import Address
from kaiten_sync.model.ports import Ports
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.pipeline import load, read_catalog
from kaiten_sync.pricing import PriceTable, table_of_catalog, table_of_plan
from kaiten_sync.report.impact_words import cost_text, totals_text

__all__ = ["PriceTable", "TableRequest", "table"]


class TableRequest(Immutable, frozen=True, kw_only=True):
    """What to show.

    `plan_file` is a saved plan, `-` for the caller's input; with `impact_budget`, the most requests
    that it may take, its cells say how many holders would be over. Without it, the live catalog of
    the target if `is_live`, or else what is declared: `files`, or the project's catalog.
    """

    plan_file: str | None = None
    impact_budget: int | None = None
    is_live: bool = False
    files: tuple[str, ...] = ()


def table(workspace: Workspace, request: TableRequest, ports: Ports) -> PriceTable:
    """The table that is asked for.

    Raises:
        UsageError: the plan moves holders.
        PlanFileError: the plan file cannot be trusted. DeclarationError: the catalog is wrong.
        KaitenSyncError: as `pipeline.read_catalog`, `impact_of_saved` and `Connect` do.
    """
    if request.plan_file is not None:
        plan = read_plan_file(request.plan_file, ports.files)
        if plan.migration is not None:
            raise UsageError(
                "this plan moves holders, and changes nothing that a license grants",
                hint=f"{show_command(request.plan_file)} says what the versions grant differently",
            )
        if request.impact_budget is None:
            return table_of_plan(plan)
        impact = impact_of_saved(plan, request.plan_file, workspace, request.impact_budget, ports)
        # A cell has room for a number. What it counts, or why there is none, is said in a notice.
        ports.notices.notify(f"Impact: {totals_text(impact)}")
        ports.notices.notify(f"Read with {cost_text(impact)}")
        return table_of_plan(plan, impact)
    if request.is_live:
        with workspace.connect(None).open() as catalog:
            live = read_catalog(catalog, scope=workspace.scope, progress=ports.progress)
        return table_of_catalog(
            {each.address: each.fields for each in _as_declared(live, workspace)}
        )
    desired = load(workspace.source(request.files, ()))
    declared = sorted(desired.resources.values(), key=lambda each: each.source.place)
    return table_of_catalog({each.address: each.fields for each in declared})


def _as_declared(live: LiveState, workspace: Workspace) -> list[LiveResource]:
    """What a server has, in the order in which the project declares it; then the rest.

    A server lists the newest first, and of what is made side by side in no order.
    """
    try:
        declared = load(workspace.source((), ())).resources
    except KaitenSyncError:
        declared = {}  # no project, or one that is being edited: the table is of the server

    def place(each: LiveResource) -> tuple[bool, Any]:
        family = Address(FAMILY.kind, str(each.fields.get("familySlug") or each.address.slug))
        found = declared.get(each.address) or (
            declared.get(family) if each.address.kind == LICENSE.kind else None
        )
        return (found is None, found.source.place if found is not None else ())

    oldest_first = list(live.resources.values())[::-1]
    return sorted(oldest_first, key=place)
