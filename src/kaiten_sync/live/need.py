"""Decides what has to be read. Least privilege: nothing that the declaration does not touch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from kaiten_sync.kinds.references import references
from kaiten_sync.kinds.registry import child_kinds, top_kinds
from kaiten_sync.model.address import Address, ChildList, Kind
from kaiten_sync.model.resource import Coverage, DesiredState, LiveState
from kaiten_sync.model.settings import Prune, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What to read: whole kinds, and lists inside objects (None: all lists in scope)."""

    kinds: frozenset[Kind]
    lists: frozenset[ChildList] | None = frozenset()


def need_of_plan(
    desired: DesiredState,
    prune: Prune,
    forgotten: Collection[Address] = (),
    released: Collection[Address] = (),
) -> Need:
    """What planning a declaration takes.

    `forgotten` is what earlier plans managed and is no longer declared: if it is still there, it
    is deleted with everything inside it. `released` is what they managed and nothing will: if it is
    still there, the plan says so.
    """
    if prune is Prune.ALL:
        return need_of_everything()
    kinds = {address.root.kind for address in (*forgotten, *released)}
    for address, resource in desired.resources.items():
        kinds.add(address.root.kind)
        targets = references(address, resource.fields)
        kinds |= {target.kind for target, reference in targets if reference.is_strict}
    going = (ChildList(each, child.kind) for each in forgotten for child in child_kinds(each.kind))
    left = (each.child_list for each in released if each.parent in desired.resources)
    return Need(kinds=frozenset(kinds), lists=desired.owns.union(going, filter(None, left)))


def need_of_everything() -> Need:
    """What a drift report or an export takes: all that is in scope."""
    return Need(kinds=frozenset(spec.kind for spec in top_kinds()), lists=None)


def narrowed(live: LiveState, need: Need) -> LiveState:
    """A reading without the kinds and lists that turn out not to be needed.

    What an earlier plan managed has to be looked for. If it is gone already, that look must leave
    no trace: the plan is the same as one that never asked, and so can be made again.
    """
    kinds = live.coverage.kinds & need.kinds
    lists = live.coverage.lists if need.lists is None else live.coverage.lists & need.lists
    if (kinds, lists) == (live.coverage.kinds, live.coverage.lists):
        return live
    resources = {
        address: found
        for address, found in live.resources.items()
        if (address.kind in kinds if address.parent is None else address.child_list in lists)
    }
    return LiveState(resources=resources, coverage=Coverage(kinds=kinds, lists=lists))


def needed_lists(need: Need, scope: Scope, parents: Collection[Address]) -> list[ChildList]:
    """The lists inside some live objects that have to be read."""
    lists = [ChildList(each, child.kind) for each in parents for child in child_kinds(each.kind)]
    if need.lists is None:
        return [each for each in lists if scope.covers(each.parent)]
    return [each for each in lists if each in need.lists]
