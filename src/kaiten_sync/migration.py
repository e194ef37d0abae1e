"""The stages in order for migrations: live → impact → plan, and apply. Composition only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from kaiten_sync.apply import (
    HeldBack,
    Movable,
    VersionWatch,
    execute,
    holders_now,
    requests_to_permit,
)
from kaiten_sync.effects import Grants, grants_seen
from kaiten_sync.errors import RefusedError, UsageError
from kaiten_sync.expressions import Verdict
from kaiten_sync.families import number_of, served_of
from kaiten_sync.immutable import Immutable
from kaiten_sync.impact import (
    HELD_BACK,
    Outlook,
    affected_by,
    change_impacts,
    outlook,
    prospect,
    used_now,
    whom_to_ask,
)
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.instance import FAMILY, HELD, INSTANCE, STATE
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.live import read_entitlements, read_grants, read_holding, read_licenses, read_usage
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.outcome import ApplyResult
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.ports import Catalog, Clock, Journal, NoJournal, PlanReader, Progress
from kaiten_sync.model.reading import pages
from kaiten_sync.model.resource import DesiredState, LiveResource
from kaiten_sync.model.settings import Limit, Scope
from kaiten_sync.plan import (
    MigrationCase,
    PresentHolder,
    Proposal,
    check_guards,
    check_moves,
    check_named,
    check_where,
    chosen,
    families_of,
    outside_family,
    propose_moves,
    unanswered,
)

_Versions = Mapping[Address, LiveResource]
_ARCHIVED = "ARCHIVED"
_ALL_ARCHIVED = "all of its versions are archived: nobody can get one, unless it is unarchived"

_PRESENT_PER_LEFT = 9
"""So many holders have to be there for one that may have left since a plan was made, and be counted
all the same. The plan's own count decides nothing: a forged one names thousands who never were.
"""


class MigrationInputs(Immutable, frozen=True, kw_only=True):
    """What a migration is made from, apart from the server.

    `to` is the slug or the number of a version, None for the one that the family serves. `rules` is
    the digest of the project's rules.
    """

    target: TargetRef
    family: str
    scope: Scope
    max_moves: Limit
    rules: str | None = None
    to: str | None = None
    wave: Limit | None = None
    where: str | None = None
    allowed: frozenset[Address] = frozenset()
    skipped: frozenset[Address] = frozenset()
    is_named: bool = True


def make_migration(
    inputs: MigrationInputs,
    catalog: PlanReader,
    *,
    progress: Progress,
    now: datetime,
) -> Proposal:
    """Live → impact → plan.

    Raises:
        UsageError: there is no such family, version or named instance, nobody can get the version,
            or `where` is not an expression.
        RefusedError: the family is outside the scope.
        ServerError, AccessError: the server could not be read whole.
    """
    check_where(inputs.where)
    case, instances = _read(inputs, catalog, progress)
    versions = case.versions.keys() - {case.to}
    holding = [each for each in instances.values() if holds(each) in versions]
    slugs = [each.address.slug for each in holding]
    usage = read_usage(catalog, slugs, progress=progress)
    used = [{each.entitlement: used_now(each, now) or 0 for each in usage[slug]} for slug in slugs]
    verdicts = chosen(inputs.where, holding, used)
    seen = _outlooks(case.granted, case.to)

    def judged(each: LiveResource, verdict: Verdict) -> PresentHolder:
        found = prospect(seen[holds(each)], _instance(each), usage[each.address.slug], now)
        return PresentHolder(
            found=each, standing=found.standing, room=found.room, is_chosen=verdict is True
        )

    entitlements, sent = read_entitlements(catalog) if holding else ({}, 0)
    case = case.changed(
        holders=tuple(map(judged, holding, verdicts)),
        entitlements=entitlements,
        entitlements_listed=sent,
    )
    proposal = propose_moves(case)
    names = [str(each.address) for each in holding]
    return proposal.changed(
        diagnostics=(*proposal.diagnostics, *unanswered(dict(zip(names, verdicts, strict=True)))),
        impact=_impact(proposal.plan, instances, usage, now, case.listed + sent),
    )


def apply_migration(
    plan: Plan,
    catalog: Catalog,
    *,
    progress: Progress,
    is_stopped: Callable[[], bool],
    clock: Clock,
    permit: Callable[[Sequence[Change]], None] = lambda _changes: None,
    journal: Journal | None = None,
    workers: int | None = None,
) -> ApplyResult:
    """apply: re-read what the migration rests on, then move who is not moved and may be.

    Right before a holder is moved, its usage is read again: one that would be over by then is
    left, unless the plan allows it by name. What the versions grant is read again as well, once for
    as many moves as run side by side: if it is another, nobody else is moved. `permit` is asked for
    the moves that are to be made, and raises if they are refused.

    Raises:
        RefusedError: the plan breaks its own limits, or a version is not as the plan saw it
            (`StalePlanError`). Nothing was written.
        ServerError, AccessError: live could not be read. Nothing was written.
    """
    check_guards(plan)
    sent_before = catalog.requests_sent
    found = _found(plan, catalog, progress) if plan.changes else {}
    holders = holders_now(plan, found)
    _check_share(plan, found, holders)
    settled = holders.done | holders.left.keys()
    to_move = [each for each in plan.changes if each.id not in settled]
    sent_before += requests_to_permit(permit, to_move, catalog)
    workers = workers or catalog.connections
    hold_back = _holding_back(plan, found, catalog, clock, workers)
    result = execute(
        plan,
        holders.done,
        catalog,
        progress=progress,
        journal=journal or NoJournal(),
        is_stopped=is_stopped,
        workers=workers,
        left_out=HeldBack(known=holders.left, hold_back=hold_back),
    )
    return result.changed(requests=result.requests - sent_before)


def _check_share(plan: Plan, found: _Versions, now: Movable) -> None:
    """Hold a plan to its share of the holders that there are: it may name some who never were.

    That some have left since it was made makes it no less right.

    Raises:
        RefusedError: it moves more of them than its wave, or the policy, allows.
    """
    if plan.migration is None:
        return
    to, named = plan.migration.to, plan.migration.holders
    family = {a for a, e in found.items() if e.fields.get(FAMILY) == plan.migration.family} - {to}
    instances = (each for a, each in found.items() if a.kind == INSTANCE.kind)
    present = len(now.done) + sum(holds(each) in family for each in instances)
    counted = max(present, min(named, present + max(1, present // _PRESENT_PER_LEFT)))
    check_moves(plan, count=len(plan.changes) - len(now.left), holders=counted)


def _holding_back(
    plan: Plan, found: _Versions, catalog: Catalog, clock: Clock, workers: int
) -> Callable[[Change], str | None]:
    """Asked right before a holder is moved: why it must not be, or None."""
    granted = grants_seen(plan)
    seen = _outlooks(granted, plan.migration.to) if plan.migration else {}
    watch = VersionWatch(plan, found, lambda: read_grants(catalog, granted), workers)

    def hold_back(change: Change) -> str | None:
        why_not = watch.why_not()
        # A person may have allowed by name that this holder goes over its limit.
        if why_not is not None or change.address in plan.guards.allowed:
            return why_not
        held = found[change.address]
        return _why_it_stays(held, seen[holds(held)], catalog, clock())

    return hold_back


def _why_it_stays(held: LiveResource, move: Outlook, catalog: Catalog, now: datetime) -> str | None:
    """Why a holder must not be moved by what it uses now; None if it may."""
    usage = catalog.list_usage(held.address.slug)
    reason = HELD_BACK.get(prospect(move, _instance(held), usage, now).standing)
    if reason is None:
        return None
    live = catalog.get(held.address)
    # Who has no usage may be gone. Another apply may have moved it since: then its usage counts
    # against the new limit. Whoever moves it looks again, and says so.
    is_as_before = live is not None and holds(live) == holds(held)
    return reason if is_as_before else None


def _found(plan: Plan, catalog: Catalog, progress: Progress) -> _Versions:
    """All that a plan rests on as it is now, with all grants of its versions, and all instances."""
    licenses = licenses_by_family(catalog, progress)
    versions = [each.address for each in plan.observed if each.address in licenses]
    shows_units = any(each.address.kind == ENTITLEMENT.kind for each in plan.observed)
    entitlements = read_entitlements(catalog)[0] if shows_units else {}
    return {**licenses, **read_grants(catalog, versions), **entitlements, **read_holding(catalog)}


def _read(
    inputs: MigrationInputs, catalog: PlanReader, progress: Progress
) -> tuple[MigrationCase, _Versions]:
    """The versions concerned with what they grant, without any holders, and all instances."""
    licenses = licenses_by_family(catalog, progress)
    family = {a: each for a, each in licenses.items() if each.fields[FAMILY] == inputs.family}
    to = _version(inputs, family, licenses)
    instances = read_holding(catalog)
    for option, named in (("--allow", inputs.allowed), ("--skip", inputs.skipped)):
        check_named(option, named, instances, is_named=inputs.is_named)
    versions = {to, *(held for held in map(holds, instances.values()) if held in family)}
    outside = tuple(outside_family(inputs.family, versions, inputs.scope))
    if outside:
        raise RefusedError("the migration is refused", outside, hint="nothing was planned")
    case = MigrationCase(
        target=inputs.target,
        family=inputs.family,
        to=to,
        versions={each: family[each] for each in versions},
        grants=read_grants(catalog, versions),
        holders=(),
        max_moves=inputs.max_moves,
        rules=inputs.rules,
        wave=inputs.wave,
        where=inputs.where,
        allowed=inputs.allowed,
        skipped=inputs.skipped,
        is_named=inputs.is_named,
        listed=pages(len(licenses)) + pages(len(instances)),
    )
    return case, instances


def licenses_by_family(catalog: PlanReader, progress: Progress) -> _Versions:
    """All licenses, each with the slug of its family.

    A license alone does not tell it: the server shows it through the family's first version.
    """
    live = read_licenses(catalog, progress)
    families = families_of(DesiredState(resources={}), live)
    return {
        address: each.changed(fields={**each.fields, FAMILY: families.of[address]})
        for address, each in live.resources.items()
    }


def holds(instance: LiveResource) -> Address:
    """The version that an instance holds."""
    return Address(LICENSE.kind, str(instance.fields[HELD]))


def _version(inputs: MigrationInputs, family: _Versions, licenses: _Versions) -> Address:
    """The version to move to."""
    if licenses and all(each.family_id is None for each in licenses.values()):
        raise UsageError(
            f"{inputs.target.name} has no license families, so holders cannot be moved between"
            " versions",
            hint="assign other licenses to the instances on the server itself",
        )
    if not family:
        known = sorted({str(each.fields[FAMILY]) for each in licenses.values()})
        raise UsageError(
            f"there is no license family {inputs.family!r} on {inputs.target.name}",
            hint=did_you_mean(inputs.family, known) or f"families: {', '.join(known) or 'none'}",
        )
    if inputs.to is None:
        served = served_of(sorted(family.values(), key=number_of), lambda version: version.fields)
        chosen = None if served is None else served.address
    else:  # a slug comes before a number
        by_number = {str(each.fields.get("version")): a for a, each in family.items()}
        chosen = next((a for a in family if a.slug == inputs.to), by_number.get(inputs.to))
    if chosen is None:
        what = "serves no version" if inputs.to is None else f"has no version {inputs.to!r}"
        slugs = sorted(a.slug for a, each in family.items() if each.fields.get(STATE) != _ARCHIVED)
        raise UsageError(
            f"the family {inputs.family} {what}",
            hint=did_you_mean(inputs.to or "", slugs)
            or (f"name one with --to: {', '.join(slugs)}" if slugs else _ALL_ARCHIVED),
        )
    if family[chosen].fields.get(STATE) == _ARCHIVED:
        raise UsageError(
            f"{chosen} is archived, so nobody can get it",
            hint="unarchive it first, or name another version with --to",
        )
    return chosen


def _outlooks(granted: Mapping[Address, Grants], to: Address) -> Mapping[Address, Outlook]:
    """What a move from each version leaves its holders."""
    return {
        version: outlook(version.slug, grants, granted[to]) for version, grants in granted.items()
    }


def _impact(
    plan: Plan,
    instances: _Versions,
    usage: Mapping[str, Sequence[Usage]],
    now: datetime,
    listed: int,
) -> Impact:
    """What the moves leave each holder; everybody was looked at, so there is no sample."""
    affected = affected_by(plan)
    moved = [_instance(instances[change.address]) for change in plan.changes]
    asking = whom_to_ask(affected, moved, seed=plan.digest, budget=len(moved))
    requests = listed + len(usage)
    return Impact(
        target=plan.target,
        plan_digest=plan.digest,
        taken_at=now,
        requests=requests,
        budget=requests,
        changes=change_impacts(affected, asking, usage, now),
    )


def _instance(found: LiveResource) -> Instance:
    return Instance(
        slug=found.address.slug,
        name=str(found.fields.get("name") or found.address.slug),
        license=str(found.fields[HELD]),
        customer=str(found.fields.get("customer") or ""),
    )
