"""Impact: whom a plan affects, of a saved plan or of one that was just made."""

from __future__ import annotations

from dataclasses import dataclass

from kaiten_sync.jobs.agreed import read_plan_file
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.model.impact import DEFAULT_BUDGET, Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import HolderReader, Ports
from kaiten_sync.pipeline import read_impact
from kaiten_sync.plan.plan_file import check_target

__all__ = ["ImpactRequest", "impact", "impact_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactRequest:
    """Which plan file, `-` for the caller's input, and how many requests the reading may take."""

    plan_file: str
    budget: int = DEFAULT_BUDGET


def impact(workspace: Workspace, request: ImpactRequest, ports: Ports) -> Impact:
    """Read whom a saved plan affects now.

    Raises:
        PlanFileError: the plan file cannot be trusted, or is another target's.
        KaitenSyncError: as `pipeline.read_impact` and `Connect` do.
    """
    plan = read_plan_file(request.plan_file, ports.files)
    known = workspace.project.targets if workspace.project else {}
    connection = workspace.connect(plan.target.name if plan.target.name in known else None)
    check_target(plan, connection.target)
    with connection.open() as catalog:
        return impact_of(plan, catalog, request.budget, ports)


def impact_of(plan: Plan, catalog: HolderReader, budget: int, ports: Ports) -> Impact:
    """Read whom a plan affects. Raises as `pipeline.read_impact` does."""
    return read_impact(plan, catalog, now=ports.clock(), budget=budget, progress=ports.progress)
