"""Short ways to write the values that pure stages take."""

from __future__ import annotations

from collections.abc import Collection

from kaiten_sync.model.address import Address, Kind, parse_address
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Plan, TargetRef
from kaiten_sync.model.resource import Coverage, DesiredState, LiveResource, LiveState, Resource
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.model.source import SourceRef
from kaiten_sync.plan.build import Proposal, propose
from kaiten_sync.plan.leaving import ownership

TARGET = TargetRef("local", "http://127.0.0.1:6060")


def declared(address: str, **fields: object) -> Resource:
    """A declared object."""
    return Resource(
        address=parse_address(address),
        fields=fields,  # type: ignore[arg-type]
        source=SourceRef("catalog.yaml", 1, 1),
    )


def desired(*resources: Resource, owns: tuple[str, ...] | None = None) -> DesiredState:
    """A declaration. Licenses that declare grants own them unless `owns` says otherwise."""
    granting = {r.address.license for r in resources if r.address.license is not None}
    return DesiredState(
        resources={r.address: r for r in resources},
        owns_grants=frozenset(owns if owns is not None else {str(s) for s in granting}),
    )


def live_state(*resources: LiveResource) -> LiveState:
    """A reading that covered everything."""
    licenses = {r.address.slug for r in resources if r.address.kind is Kind.LICENSE}
    return LiveState(
        resources={r.address: r for r in resources},
        coverage=Coverage(kinds=frozenset(Kind), grants_of=frozenset(licenses)),
    )


def proposal(
    wanted: DesiredState,
    found: LiveState,
    policy: Policy | None = None,
    *,
    scope: Scope | None = None,
    has_drafts: bool = True,
    previous: Plan | None = None,
    allowed: Collection[str] = (),
    holders: Holders | None = None,
) -> Proposal:
    """Diff and plan in one step."""
    from kaiten_sync.diff.compare import diff_catalog

    policy, scope = policy or Policy(), scope or Scope()
    diff = diff_catalog(wanted, found, scope)
    owned = ownership(wanted, scope, policy.prune, previous)
    return propose(
        diff,
        wanted,
        found,
        owned.leaving(diff.differences, found),
        target=TARGET,
        policy=policy,
        has_drafts=has_drafts,
        allowed=frozenset(parse_address(text) for text in allowed),
        holders=holders,
    )


def address(text: str) -> Address:
    """An address."""
    return parse_address(text)
