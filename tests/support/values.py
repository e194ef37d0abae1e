"""Short ways to write the values that pure stages take."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from kaiten_sync.kinds.addresses import license_address, parse_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.values import declared_value
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Left, Plan, TargetRef
from kaiten_sync.model.resource import Coverage, DesiredState, LiveResource, LiveState, Resource
from kaiten_sync.model.settings import Policy, Scope
from kaiten_sync.model.source import SourceRef
from kaiten_sync.plan.build import Proposal, propose
from kaiten_sync.plan.changes import to_changes
from kaiten_sync.plan.leaving import ownership

TARGET = TargetRef("local", "http://127.0.0.1:6060")


def declared(address: str, **fields: object) -> Resource:
    """A declared object, with values in the spelling that a catalog is read into."""
    found = parse_address(address)
    specs = spec_of(found.kind).fields
    return Resource(
        address=found,
        fields={
            name: declared_value(specs[name], value)  # type: ignore[arg-type]
            for name, value in fields.items()
        },
        source=SourceRef("catalog.yaml", 1, 1),
    )


def desired(*resources: Resource, owns: tuple[str, ...] | None = None) -> DesiredState:
    """A declaration. Licenses that declare grants own them unless `owns` names others."""
    lists = {r.address.child_list for r in resources if r.address.child_list is not None}
    if owns is not None:
        lists = {ChildList(license_address(slug), GRANT.kind) for slug in owns}
    return DesiredState(
        resources={r.address: r for r in resources},
        owns=frozenset(lists),
    )


def live_state(*resources: LiveResource) -> LiveState:
    """A reading that covered everything."""
    parents = [r.address for r in resources]
    lists = {ChildList(a, child.kind) for a in parents for child in child_kinds(a.kind)}
    return LiveState(
        resources={r.address: r for r in resources},
        coverage=Coverage(
            kinds=frozenset(spec.kind for spec in top_kinds()), lists=frozenset(lists)
        ),
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
    use: Holders | None = None,
    let_go: Sequence[Left] = (),
) -> Proposal:
    """Diff and plan in one step."""
    from kaiten_sync.diff.compare import diff_catalog

    policy, scope = policy or Policy(), scope or Scope()
    diff = diff_catalog(wanted, found, scope)
    owned = ownership(wanted, scope, policy.prune, previous)
    leaving = owned.leaving(diff.differences, found)
    return propose(
        to_changes(diff.differences, leaving, has_drafts=has_drafts),
        diff.without_missing(),
        wanted,
        found,
        leaving,
        target=TARGET,
        policy=policy,
        allowed=frozenset(parse_address(text) for text in allowed),
        holders=holders,
        use=use,
        let_go=let_go,
    )


def address(text: str) -> Address:
    """An address."""
    return parse_address(text)


def sentences(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """Each diagnostic as the one line that a person reads."""
    return tuple(each.sentence for each in diagnostics)
