"""The live catalog as a plan saw it: what of the plan is done already, taken back.

A plan that is half applied cannot be compared with one made now, but with one made from this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Set

from kaiten_sync.kinds.registry import child_kinds
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Change
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import Absent, Json
from kaiten_sync.plan.families import link_of, taken_field


def unread(plan: Plan, live: LiveState, scope: Scope) -> frozenset[str]:
    """Ids of the changes of objects that the reading left out: whether they are done is not known.

    Planning reads what the declaration and the plan before need, and a forged plan may touch more.
    """
    found: set[str] = set()
    for change in plan.changes:
        address, parent = change.address, change.address.parent
        is_listed = parent not in live.resources or address.child_list in live.coverage.lists
        is_covered = scope.covers(address) and address.root.kind in live.coverage.kinds
        if not is_covered or not (parent is None or is_listed):
            found.add(change.id)
    return frozenset(found)


def rewound(live: LiveState, plan: Plan, done: Collection[str]) -> LiveState:
    """Live before the changes in `done`; objects that they made are gone with their children."""
    changes: dict[Address, list[Change]] = defaultdict(list)
    # The last first, since each is taken back from what those after it left.
    for change in reversed(plan.changes):
        if change.id in done:
            changes[change.address].append(change)
    resources = dict(live.resources)
    lists = set(live.coverage.lists)
    for observed in plan.observed:
        address = observed.address
        if address not in changes:
            continue
        found = resources.pop(address, None)
        if observed.fields is None:
            continue
        if found is None:
            found = LiveResource(address=address, id=observed.id, fields={})
            # Nothing of what was inside is left to be read.
            lists |= {ChildList(address, child.kind) for child in child_kinds(address.kind)}
        before: dict[str, Json | Absent] = dict(found.fields)
        for change in changes[address]:  # the last comes first
            before |= {each.name: each.before for each in change.fields}
        fields = {name: value for name, value in before.items() if not isinstance(value, Absent)}
        resources[address] = found.changed(fields=fields)
    for change in plan.changes:
        if change.id in done:
            _give_back(resources, change, plan, live)
    deleted = {a for a in changes if a not in live.resources}
    _name_families(resources, plan, deleted)
    _join_families(resources, deleted)
    return LiveState(
        resources={a: r for a, r in resources.items() if a.parent is None or a.parent in resources},
        coverage=live.coverage.changed(lists=frozenset(lists)),
    )


def _give_back(
    resources: dict[Address, LiveResource], change: Change, plan: Plan, live: LiveState
) -> None:
    """Give a sibling the flag that the server took from it when a change gave it to another."""
    name, moved = taken_field(change), live.resources.get(change.address)
    if not name or moved is None:
        return
    for other in plan.changes:
        had = any(each.name == name and each.before is True for each in other.fields)
        found = resources.get(other.address) if had else None
        if found is not None and found.family_id == moved.family_id:
            resources[other.address] = found.changed(fields={**found.fields, name: True})


def _name_families(
    resources: dict[Address, LiveResource], plan: Plan, deleted: Collection[Address]
) -> None:
    """Give versions the slug of their family, which no answer shows without the first version."""
    for observed in plan.observed:
        address, link = observed.address, link_of(observed.address)
        slug = (observed.fields or {}).get(link)
        found = resources.get(address)
        if found is not None and isinstance(slug, str) and address._replace(slug=slug) in deleted:
            resources[address] = found.changed(fields={**found.fields, link: slug})


def _join_families(resources: dict[Address, LiveResource], deleted: Set[Address]) -> None:
    """Put versions that are back into their families, whose ids no plan records."""
    ids = {
        each.fields.get(link_of(address)): each.family_id
        for address, each in resources.items()
        if each.family_id is not None
    }
    for address in deleted & resources.keys():
        found = resources[address]
        slug = found.fields.get(link_of(address))
        if isinstance(slug, str):
            resources[address] = found.changed(family_id=ids.get(slug) or f"family/{slug}")
