"""Builds the plan from differences: changes, order, what they rest on, numbers, seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kaiten_sync.kinds.license import LICENSE, LicenseMove
from kaiten_sync.kinds.references import referrers
from kaiten_sync.kinds.values import declared_form
from kaiten_sync.model.address import Address
from kaiten_sync.model.canonical import digest, fingerprint
from kaiten_sync.model.change import Change
from kaiten_sync.model.drift import CatalogDiff, DriftClass
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Guards, Plan, Summary, TargetRef
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.settings import Policy, Prune
from kaiten_sync.plan.changes import to_changes
from kaiten_sync.plan.cost import requests_to_apply
from kaiten_sync.plan.guards import Case, refusals
from kaiten_sync.plan.held import unchecked, unheld
from kaiten_sync.plan.limits import population_of
from kaiten_sync.plan.order import in_order
from kaiten_sync.plan.ownership import deleted, owned_by
from kaiten_sync.plan.plan_file import seal
from kaiten_sync.plan.protection import foreign_grants, protected_harm, used
from kaiten_sync.plan.rests_on import observed_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan, every reason why it must not be carried out, and remarks for whoever made it."""

    plan: Plan
    refusals: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def propose(
    diff: CatalogDiff,
    desired: DesiredState,
    live: LiveState,
    *,
    target: TargetRef,
    policy: Policy,
    has_drafts: bool,
    previous: Plan | None = None,
    allowed: frozenset[Address] = frozenset(),
    holders: Holders | None = None,
) -> Proposal:
    """Turn differences into a sealed plan.

    `previous` is the target's last plan: what it managed is owned. `allowed` are the objects
    that a person named, and `holders` says who holds what goes; without it, what was read of
    the grants must do.
    """
    owned = owned_by(previous)
    changes = in_order(
        to_changes(diff.differences, live, prune=policy.prune, has_drafts=has_drafts, owned=owned),
        live,
    )
    gone = deleted(changes)
    foreign = gone - owned if policy.prune is Prune.OWNED else frozenset()
    protected = _protected(desired, previous, gone)
    needs = (*protected_harm(changes, protected), *foreign_grants(gone, foreign))
    guards = Guards(
        max_deletes=policy.max_deletes,
        max_updates=policy.max_updates,
        population=population_of(live.resources, changes),
        protected=protected,
        allowed=used(needs, allowed),
    )
    case = Case(
        differences=diff.differences,
        changes=changes,
        desired=desired,
        live=live,
        guards=guards,
        needs=needs,
        holders=holders if holders is not None else _seen_holders(live, gone),
    )
    return Proposal(
        plan=seal(_plan(case, diff, target)),
        refusals=refusals(case),
        remarks=tuple(_unused(allowed - guards.allowed)),
    )


def desired_digest(desired: DesiredState) -> str:
    """Identifies a declaration by its meaning: not by files, order or comments."""
    resources = {str(address): resource.fields for address, resource in _sorted(desired)}
    return digest(
        {
            "resources": resources,
            "ownsGrants": sorted(owned.parent.slug for owned in desired.owns),
            "protected": sorted(str(address) for address in desired.protected),
        }
    )


def declared_fingerprint(resource: Resource) -> str:
    """The fingerprint of what is declared of one object."""
    return fingerprint(declared_form(resource.address.kind, resource.fields))


def _sorted(desired: DesiredState) -> list[tuple[Address, Resource]]:
    return sorted(desired.resources.items(), key=lambda item: item[0].sort_key)


def _plan(case: Case, diff: CatalogDiff, target: TargetRef) -> Plan:
    desired, live, changes = case.desired, case.live, case.changes
    gone = deleted(changes)
    observed = observed_by(changes, live, unheld(case.holders, gone))
    return Plan(
        target=target,
        desired_digest=desired_digest(desired),
        changes=tuple(changes),
        observed=observed,
        managed={a: declared_fingerprint(r) for a, r in _sorted(desired)},
        summary=_summary(diff, changes, gone),
        requests=requests_to_apply(changes, observed, live, case.holders.requests),
        guards=case.guards,
        warnings=(*_warnings(desired, live, changes), *unchecked(case.holders, gone)),
    )


def _protected(
    desired: DesiredState, previous: Plan | None, gone: frozenset[Address]
) -> frozenset[Address]:
    """What git protects, and what it protected until it was taken out together with that."""
    before = frozenset() if previous is None else previous.guards.protected
    return desired.protected | (before & gone)


def _seen_holders(live: LiveState, gone: frozenset[Address]) -> Holders:
    return Holders(referrers=referrers(live.resources, gone))


def _unused(allowed: frozenset[Address]) -> Iterator[str]:
    for address in sorted(allowed, key=lambda each: each.sort_key):
        yield f"--allow {address} was not needed"


def _summary(diff: CatalogDiff, changes: Sequence[Change], gone: frozenset[Address]) -> Summary:
    kept = [d for d in diff.differences if d.address not in gone]
    return Summary(
        actions=dict(sorted(Counter(str(c.action) for c in changes).items())),
        effects=dict(sorted(Counter(str(c.effect) for c in changes).items())),
        unchanged=diff.unchanged,
        unmanaged=sum(d.drift is DriftClass.UNMANAGED for d in kept),
    )


def _warnings(desired: DesiredState, live: LiveState, changes: Sequence[Change]) -> Iterator[str]:
    yield from _forgotten_drafts(desired, live)
    yield from _displaced_defaults(live, changes)


def _forgotten_drafts(desired: DesiredState, live: LiveState) -> Iterator[str]:
    """A draft that nothing declares as one may be what an interrupted apply left behind."""
    for address, resource in _sorted(desired):
        found = live.resources.get(address)
        if address.kind != LICENSE.kind or found is None:
            continue
        is_draft = found.fields.get("lifecycleState") == "DRAFT"
        if is_draft and "lifecycleState" not in resource.fields:
            yield (f"{address} is still a draft; declare `lifecycleState: PUBLISHED` to publish it")


def _displaced_defaults(live: LiveState, changes: Sequence[Change]) -> Iterator[str]:
    """The server clears a sibling's flag when a version becomes the default."""
    touched = {c.address for c in changes if c.action == LicenseMove.CLEAR_DEFAULT}
    for change in changes:
        found = live.resources.get(change.address)
        if change.action != LicenseMove.MAKE_DEFAULT or found is None:
            continue
        for address, other in live.resources.items():
            is_sibling = other.family_id == found.family_id and address != change.address
            if is_sibling and other.fields.get("isDefault") is True and address not in touched:
                yield f"{change.address} takes the default of its family from {address}"
