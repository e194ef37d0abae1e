"""Predicts the requests that applying a plan takes. `apply/` reads by the same rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from kaiten_sync.kinds.registry import child_kinds, may_be_in_use, move_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.reading import READ_SINGLY, pages
from kaiten_sync.model.resource import Coverage, LiveState
from kaiten_sync.plan.families import Families, displaced_by

_POSTED = 2
"""Requests of a change that is posted: POST, verify."""

_READ_FIRST = 3
"""Requests of any other change: read, PUT or DELETE, verify."""

_TRIED_EARLY = 2
"""More requests of a delete that is tried before others, which it waits for: read, DELETE."""

_FOUND_DONE = 1
"""Requests of a change that the server has made itself by then: read."""


def requests_to_apply(
    changes: Sequence[Change],
    observed: Sequence[Observed],
    live: LiveState,
    families: Families,
    looking: int = 0,
    whole: Collection[Address] = (),
) -> int:
    """How many requests applying will take when nothing has to be sent twice.

    `whole` are the objects that are read again with all that is inside. `looking` is what reading
    again takes who holds the deleted objects, and who uses the counters.
    """
    if not changes:
        return 0
    children = Counter(address.parent for address in live.resources)
    # Writes and their checks. The children of one parent are verified by one list.
    total = 0
    displaced = displaced_by(changes, families)
    touched: Counter[Address] = Counter()
    again: set[Address] = set()
    inside = (change for change in changes if change.address.parent is not None)
    waited_for = {each for change in inside for each in change.depends_on}
    lists = {name: each.address.child_list for each in changes if (name := each.id) in waited_for}
    for change in changes:
        if {field.name for field in change.fields} <= displaced.get(change.address, frozenset()):
            total += _FOUND_DONE
            continue
        move = move_of(change.address.kind, change.action)
        is_posted = change.action == Action.CREATE or (move and move[1].endpoint is not None)
        total += _POSTED if is_posted else _READ_FIRST
        if change.depends_on and may_be_in_use(change.address.kind, change.action):
            total += _TRIED_EARLY
        # A child is verified by the list of its parent, once for all of them.
        if change.address.parent is not None:
            total -= 1
            touched[change.address.parent] += change.action == Action.CREATE
            # What waits for another in the same list is verified by a second reading of it.
            if any(lists[each] == change.address.child_list for each in change.depends_on):
                again.add(change.address.parent)
    total += sum(pages(children[parent] + touched[parent]) for parent in [*touched, *again])
    return _reading(observed, live, children, whole) + looking + total


def requests_to_list(kind: str, live: LiveState) -> int:
    """How many requests it takes to list all objects of a kind at the top of the catalog.

    If their families do not show their slugs, it takes the list of families as well.
    """
    found = [each for address, each in live.resources.items() if address.kind == kind]
    return pages(len(found)) + any(each.family_slug is not None for each in found)


def least_requests(changes: Sequence[Change], observed: Sequence[Observed]) -> int:
    """How many requests applying takes at the least: what no live catalog makes cheaper.

    Lists have one page, a DELETE is not read first, and the server has cleared every flag itself.
    """
    nothing = LiveState(resources={}, coverage=Coverage())
    least = _reading(observed, nothing, Counter()) if changes else 0
    lists = set()
    for change in changes:
        move = move_of(change.address.kind, change.action)
        is_cleared = move is not None and move[0].one_per and move[1].after is False
        least += _FOUND_DONE if is_cleared else _POSTED
        if change.address.parent is not None:
            least -= 1
            lists.add(change.address.parent)
    return least + len(lists)


def _reading(
    observed: Sequence[Observed],
    live: LiveState,
    children: Counter[Address | None],
    whole: Collection[Address] = (),
) -> int:
    wanted = Counter(o.address.kind for o in observed if o.address.parent is None)
    population = Counter(a.kind for a in live.resources if a.parent is None)
    listed = sum(
        count if count <= READ_SINGLY else pages(population[kind]) for kind, count in wanted.items()
    )
    # A list whose families do not show their slugs takes the list of families as well.
    unnamed = {a.kind for a, found in live.resources.items() if found.family_slug is not None}
    listed += sum(wanted[kind] > READ_SINGLY for kind in unnamed)
    parents = {o.address.parent for o in observed if o.address.parent is not None}
    parents.update(each for each in whole if child_kinds(each.kind))
    parents.difference_update(o.address for o in observed if o.fields is None)
    return listed + sum(pages(children[parent]) for parent in parents)
