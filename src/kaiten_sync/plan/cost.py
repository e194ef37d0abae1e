"""Predicts the requests that applying a plan takes. `apply/` reads by the same rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from kaiten_sync.kinds.registry import move_of
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.reading import READ_SINGLY, pages
from kaiten_sync.model.resource import LiveState

_COST = {
    Action.CREATE: 2,  # POST, verify
    Action.UPDATE: 3,  # read, PUT, verify
    Action.DELETE: 3,  # read, DELETE, verify
}
_COST_OF_POST = 2
"""A move with an endpoint: POST, verify. One without is an update."""


_Lists: TypeAlias = "Counter[ChildList | None]"
"""How many objects each list has."""


def requests_to_apply(
    changes: Sequence[Change],
    observed: Sequence[Observed],
    live: LiveState,
    looking_for_holders: int = 0,
) -> int:
    """How many requests applying will take when nothing has to be sent twice.

    `looking_for_holders` is what reading again who holds the deleted objects takes.
    """
    if not changes:
        return 0
    sizes = Counter(address.child_list for address in live.resources)
    looking = looking_for_holders if any(each.unheld for each in observed) else 0
    return _reading(observed, live, sizes) + looking + _writing(changes, sizes)


def _reading(observed: Sequence[Observed], live: LiveState, sizes: _Lists) -> int:
    wanted = Counter(o.address.kind for o in observed if o.address.parent is None)
    population = Counter(a.kind for a in live.resources if a.parent is None)
    listed = sum(
        count if count <= READ_SINGLY else pages(population[kind]) for kind, count in wanted.items()
    )
    absent = {o.address for o in observed if o.fields is None}
    lists = {o.address.child_list for o in observed if o.address.parent not in absent}
    return listed + sum(pages(sizes[each]) for each in lists if each is not None)


def _writing(changes: Iterable[Change], sizes: _Lists) -> int:
    """Writes and their checks; the grants of one license are verified by one list."""
    total = 0
    touched: Counter[ChildList] = Counter()
    for change in changes:
        total += _cost(change)
        if change.address.child_list is not None:
            total -= 1
            touched[change.address.child_list] += change.action == Action.CREATE
    return total + sum(pages(sizes[each] + new) for each, new in touched.items())


def _cost(change: Change) -> int:
    found = move_of(change.address.kind, change.action)
    if found is None:
        return _COST[change.action]
    return _COST[Action.UPDATE] if found[1].endpoint is None else _COST_OF_POST
