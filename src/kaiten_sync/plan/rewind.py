"""The live catalog as a plan saw it: what of the plan is done already, taken back.

A plan that is half applied cannot be compared with one made now, but with one made from this.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from kaiten_sync.kinds.registry import child_kinds
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.resource import LiveResource, LiveState


def rewound(live: LiveState, plan: Plan, done: Collection[str]) -> LiveState:
    """Live before the changes in `done`; objects that they made are gone with their children."""
    touched = {change.address for change in plan.changes if change.id in done}
    resources = dict(live.resources)
    restored: list[Address] = []
    for observed in plan.observed:
        address = observed.address
        if address not in touched:
            continue
        if observed.fields is None:
            resources.pop(address, None)
            continue
        if address not in resources:
            restored.append(address)
        resources[address] = _as_seen(observed, resources.get(address))
    return LiveState(
        resources={a: r for a, r in resources.items() if a.parent is None or a.parent in resources},
        coverage=replace(live.coverage, lists=live.coverage.lists.union(_lists(restored))),
    )


def _as_seen(observed: Observed, found: LiveResource | None) -> LiveResource:
    seen = observed.fields or {}
    fields = {**(found.fields if found else {}), **seen}
    known = LiveResource(address=observed.address, fields={}, id=observed.id)
    present = {name: value for name, value in fields.items() if value is not None}
    return replace(found or known, fields=present)


def _lists(parents: Sequence[Address]) -> list[ChildList]:
    """The lists inside what is gone: nothing of them is left to be read."""
    return [ChildList(each, child.kind) for each in parents for child in child_kinds(each.kind)]
