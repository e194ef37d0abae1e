"""The live catalog as a plan saw it: what of the plan is done already, taken back.

A plan that is half applied cannot be compared with one made now, but with one made from this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from kaiten_sync.kinds.registry import child_kinds
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Change
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource, LiveState
from kaiten_sync.model.value import Absent, Fields, Json


def rewound(live: LiveState, plan: Plan, done: Collection[str]) -> LiveState:
    """Live before the changes in `done`; objects that they made are gone with their children."""
    changes: dict[Address, list[Change]] = defaultdict(list)
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
        resources[address] = replace(found, fields=_taken_back(found.fields, changes[address]))
    return LiveState(
        resources={a: r for a, r in resources.items() if a.parent is None or a.parent in resources},
        coverage=replace(live.coverage, lists=frozenset(lists)),
    )


def _taken_back(fields: Fields, changes: Iterable[Change]) -> Fields:
    """The fields before some changes, the last of which comes first."""
    before: dict[str, Json | Absent] = dict(fields)
    for change in changes:
        before |= {each.name: each.before for each in change.fields}
    return {name: value for name, value in before.items() if not isinstance(value, Absent)}
