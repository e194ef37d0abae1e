"""Impact: whom a plan affects, of a saved plan or of one that was just made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kaiten_sync.immutable import Immutable
from kaiten_sync.impact import (
    LATELY,
    affected_by,
    change_impacts,
    raised_by,
    raised_limits,
    whom_to_ask,
)
from kaiten_sync.jobs.agreed import Agreed, read_plan_file
from kaiten_sync.jobs.moving import check_moved
from kaiten_sync.jobs.workspace import Workspace
from kaiten_sync.live import read_instances, read_refusals, read_usage
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import DEFAULT_BUDGET, Affected, Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import HolderReader, PlanReader, Ports
from kaiten_sync.plan import check_target

__all__ = ["ImpactRequest", "impact", "impact_of", "impact_of_saved"]

_REQUESTS_UPWARD = 2
"""Requests for one holder of a limit that is raised: what it uses, if that was not read for
another change, and what it was refused."""


class ImpactRequest(Immutable, frozen=True, kw_only=True):
    """Which plan file, `-` for the caller's input, and how many requests the reading may take."""

    plan_file: str
    budget: int = DEFAULT_BUDGET


def impact(workspace: Workspace, request: ImpactRequest, ports: Ports) -> Impact:
    """Read whom a saved plan affects now.

    Raises:
        PlanFileError: the plan file cannot be trusted, or is another target's.
        KaitenSyncError: as `impact_of` and `Connect` do.
    """
    plan = read_plan_file(request.plan_file, ports.files)
    return impact_of_saved(plan, request.plan_file, workspace, request.budget, ports)


def impact_of_saved(
    plan: Plan, plan_file: str, workspace: Workspace, budget: int, ports: Ports
) -> Impact:
    """Read whom a plan that was read from a file affects now, on the server that it is for.

    Raises:
        PlanFileError: the plan is another target's.
        KaitenSyncError: as `impact_of` and `Connect` do.
    """
    known = workspace.project.targets if workspace.project else {}
    connection = workspace.connect(plan.target.name if plan.target.name in known else None)
    check_target(plan, connection.target, may_have_moved=True)
    with connection.open() as catalog:
        agreed = Agreed(plan=plan, place=plan_file)
        words = workspace.words_of(plan.target.name)
        check_moved(agreed, connection.target, catalog, ports, words=words)
        return impact_of(plan, catalog, budget, ports, upward=True)


def impact_of(
    plan: Plan, catalog: PlanReader, budget: int, ports: Ports, *, upward: bool = False
) -> Impact:
    """Read whom a plan affects, by one list of instances and the usage of its holders.

    `upward` looks as well at who has met the limits that the plan raises. Nothing is sent if the
    plan takes nothing from anybody and raises no limit that is to be looked at. Beyond the
    budget of requests a sample of the holders is asked, the same one for the same plan. A token
    without `read:instances` leaves a gap that the result names.

    Raises:
        ServerError, AccessError: the server cannot be read at all.
    """
    affected, raised = affected_by(plan), raised_by(plan) if upward else ()
    now = ports.clock()
    instances, listed, gap = (
        read_instances(catalog, budget) if affected or raised else ((), 0, None)
    )
    concerned = instances
    if plan.migration is not None:  # it affects nobody but those that it moves
        moved = {change.address.slug for change in plan.changes}
        concerned = [each for each in instances if each.slug in moved]
    asking = whom_to_ask(affected, concerned, seed=plan.digest, budget=budget - listed)
    requests = listed + len(asking.asked)
    usage = read_usage(catalog, asking.asked, progress=ports.progress)
    read = Impact(
        target=plan.target,
        plan_digest=plan.digest,
        taken_at=now,
        requests=requests,
        budget=budget,
        changes=change_impacts(affected, asking, usage, now),
        sample=asking.sample,
        gap=gap,
    )
    return _looked_up(read, raised, usage, concerned, catalog, ports) if gap is None else read


def _looked_up(
    read: Impact,
    raised: Sequence[Affected],
    usage: Mapping[str, Sequence[Usage]],
    instances: Sequence[Instance],
    catalog: HolderReader,
    ports: Ports,
) -> Impact:
    """The impact with who has met the limits that are raised, by what is left of the budget."""
    left = read.budget - read.requests
    asking = whom_to_ask(raised, instances, seed=read.plan_digest, budget=left)
    if sum(1 if each in usage else _REQUESTS_UPWARD for each in asking.asked) > left:
        fewer = left // _REQUESTS_UPWARD
        asking = whom_to_ask(raised, instances, seed=read.plan_digest, budget=fewer)
    unread = [each for each in asking.asked if each not in usage]
    known = {**usage, **read_usage(catalog, unread, progress=ports.progress)}
    since = read.taken_at - LATELY
    refused, sent = read_refusals(catalog, asking.asked, since, progress=ports.progress)
    return read.changed(
        raised=raised_limits(raised, asking, known, refused, read.taken_at),
        requests=read.requests + len(unread) + sent,
    )
