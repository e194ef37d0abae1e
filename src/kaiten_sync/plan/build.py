"""Builds the plan from differences: changes, order, what they rest on, numbers, seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kaiten_sync.model.address import Address, Kind
from kaiten_sync.model.canonical import digest, fingerprint
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.drift import CatalogDiff, DriftClass
from kaiten_sync.model.plan import Plan, Summary, TargetRef
from kaiten_sync.model.resource import DesiredState, LiveState, Resource
from kaiten_sync.model.settings import Policy
from kaiten_sync.plan.changes import to_changes
from kaiten_sync.plan.cost import requests_to_apply
from kaiten_sync.plan.guards import Case, refusals
from kaiten_sync.plan.order import in_order
from kaiten_sync.plan.plan_file import seal
from kaiten_sync.plan.rests_on import observed_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan, and every reason why it must not be carried out."""

    plan: Plan
    refusals: tuple[str, ...]


def propose(
    diff: CatalogDiff,
    desired: DesiredState,
    live: LiveState,
    *,
    target: TargetRef,
    policy: Policy,
    has_drafts: bool,
) -> Proposal:
    """Turn differences into a sealed plan."""
    wanted = to_changes(diff.differences, live, prune=policy.prune, has_drafts=has_drafts)
    changes = in_order(wanted, live)
    observed = observed_by(changes, live)
    plan = Plan(
        target=target,
        desired_digest=desired_digest(desired),
        changes=changes,
        observed=observed,
        managed={a: declared_fingerprint(r) for a, r in _sorted(desired)},
        summary=_summary(diff, changes),
        requests=requests_to_apply(changes, observed, live),
        warnings=tuple(_warnings(desired, live, changes)),
    )
    case = Case(
        differences=diff.differences, changes=changes, desired=desired, live=live, policy=policy
    )
    return Proposal(plan=seal(plan), refusals=refusals(case))


def desired_digest(desired: DesiredState) -> str:
    """Identifies a declaration by its meaning: not by files, order or comments."""
    resources = {str(address): resource.fields for address, resource in _sorted(desired)}
    return digest({"resources": resources, "ownsGrants": sorted(desired.owns_grants)})


def declared_fingerprint(resource: Resource) -> str:
    """The fingerprint of what is declared of one object."""
    return fingerprint(resource.fields)


def _sorted(desired: DesiredState) -> list[tuple[Address, Resource]]:
    return sorted(desired.resources.items(), key=lambda item: item[0].sort_key)


def _summary(diff: CatalogDiff, changes: Iterable[Change]) -> Summary:
    listed = list(changes)
    return Summary(
        actions=dict(sorted(Counter(str(c.action) for c in listed).items())),
        effects=dict(sorted(Counter(str(c.effect) for c in listed).items())),
        unchanged=diff.unchanged,
        unmanaged=sum(d.drift is DriftClass.UNMANAGED for d in diff.differences),
    )


def _warnings(desired: DesiredState, live: LiveState, changes: Sequence[Change]) -> Iterator[str]:
    yield from _forgotten_drafts(desired, live)
    yield from _displaced_defaults(live, changes)


def _forgotten_drafts(desired: DesiredState, live: LiveState) -> Iterator[str]:
    """A draft that nothing declares as one may be what an interrupted apply left behind."""
    for address, resource in _sorted(desired):
        found = live.resources.get(address)
        if address.kind is not Kind.LICENSE or found is None:
            continue
        is_draft = found.fields.get("lifecycleState") == "DRAFT"
        if is_draft and "lifecycleState" not in resource.fields:
            yield (f"{address} is still a draft; declare `lifecycleState: PUBLISHED` to publish it")


def _displaced_defaults(live: LiveState, changes: Sequence[Change]) -> Iterator[str]:
    """The server clears a sibling's flag when a version becomes the default."""
    touched = {c.address for c in changes if c.action is Action.CLEAR_DEFAULT}
    for change in changes:
        found = live.resources.get(change.address)
        if change.action is not Action.MAKE_DEFAULT or found is None:
            continue
        for address, other in live.resources.items():
            is_sibling = other.family_id == found.family_id and address != change.address
            if is_sibling and other.fields.get("isDefault") is True and address not in touched:
                yield f"{change.address} takes the default of its family from {address}"
