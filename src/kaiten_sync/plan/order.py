"""Puts changes in order and writes down what each rests on, so that apply recomputes nothing."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.references import slug_target
from kaiten_sync.kinds.registry import move_of, spec_of, view
from kaiten_sync.kinds.spec import FieldSpec, Move
from kaiten_sync.model.address import Address, Kind, by_address
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.multimap import Multimap
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.shared_texts import SharedTexts
from kaiten_sync.model.value import ABSENT
from kaiten_sync.plan.families import Families
from kaiten_sync.plan.references import referred
from kaiten_sync.plan.serving import Serving, serving_of

_UP, _MOVES, _DOWN = range(3)

_MOST_PAIRS = 100
"""Edges of one object, from each of what is taken to each of what is given."""


def level(change: Change) -> tuple[int, int]:
    """The place of a change: up by kind, then moves by rank, then down in reverse."""
    return _level(change.address.kind, change.action)


@view  # so that changes of one level share it
def _level(kind: Kind, action: Action) -> tuple[int, int]:
    move = move_of(kind, action)
    if move is not None:
        return (_MOVES, move[1].rank)
    # Deletions go in the reverse order of creation: what refers to an object goes before it.
    height = spec_of(kind).level
    return (_DOWN, -height) if action == Action.DELETE else (_UP, height)


def in_order(
    changes: Iterable[Change],
    families: Families,
    live: LiveState,
    replaced: Mapping[Address, Address] = MappingProxyType({}),
) -> tuple[Change, ...]:
    """The changes with `depends_on` filled, each after all that it depends on.

    `replaced` are deleted objects, each with the new one that has its content: nothing of the old
    one is deleted before the new one is in place.
    """
    found = [*changes]
    serving = serving_of(sorted(found, key=level), families, live)
    ranked = [*_ranked(found)]
    edges = _Edges(found, families, serving, replaced)
    ids = SharedTexts()
    needed = [ids.of(sorted(edges.before(change))) for change in ranked]
    del edges, found, ids  # as large as the changes
    return tuple(_topological(ranked, needed))


def edges_within(changes: Sequence[Change]) -> Iterator[tuple[Change, set[str]]]:
    """What each change depends on as far as the changes alone show it, whatever its family.

    Without what only keeps an apply that stops halfway from leaving holders with less than before
    and after: a plan from before that rule can be applied as well.
    """
    edges = _Edges(changes, Families(of={}, members={}), Serving(), {}, gives_first=False)
    for change in changes:
        yield change, edges.before(change)


class _Exchange(Immutable, frozen=True, kw_only=True):
    """What one object gets, and what of all that is taken from it waits for that by itself.

    If it `is_small`, all does. Or else the first does and the others wait for it, or edges would be
    quadratic.
    """

    given: Sequence[Change]
    first_taken: Change
    is_small: bool


def _takes(change: Change) -> bool:
    """Whether an object inside another goes from there, or allows less than before."""
    return change.action == Action.DELETE or change.effect.is_harmful


class _Edges:
    """Looks up, for a change, the changes that must come first."""

    def __init__(
        self,
        changes: Sequence[Change],
        families: Families,
        serving: Serving,
        replaced: Mapping[Address, Address],
        *,
        gives_first: bool = True,
    ) -> None:
        self._families = families
        self._serving = serving
        self._replaced = replaced
        self._of_object: Multimap[Address, Change] = Multimap()
        self._children: dict[Address, list[Change]] = defaultdict(list)
        self._leaving: dict[Address, list[Change]] = defaultdict(list)
        self._gives_first = gives_first
        self._exchanges: dict[Address, _Exchange] = {}
        # By level, so that the changes of one object are listed in the order in which they are
        # done.
        for change in sorted(changes, key=level):
            self._of_object.add(change.address, change)
            if change.address.parent is not None:
                self._children[change.address.parent].append(change)
            for address in referred(change, "before", strict_only=True):
                self._leaving[address].append(change)

    def before(self, change: Change) -> set[str]:
        """Ids of the changes that must be done before this one."""
        return {other.id for other in self._before(change) if other is not change}

    def _before(self, change: Change) -> Iterator[Change]:
        # Changes of one object follow one another: each PUT writes the whole object.
        yield from takewhile(lambda other: other is not change, self._of_object.of(change.address))
        address = change.address
        move = move_of(address.kind, change.action)
        if move is not None:
            yield from self._before_move(address, *move)
        elif change.action == Action.DELETE:
            yield from self._before_delete(change)
        else:
            for needed in (address.parent, *referred(change, "after")):
                yield from self._created(needed)
            if change.action == Action.CREATE:
                yield from self._created(self._families.older(address))
        if self._gives_first and address.parent is not None and _takes(change):
            yield from self._given_before(change, address.parent)

    def _before_move(self, address: Address, field: FieldSpec, move: Move) -> Iterator[Change]:
        if move.waits_for_children:
            yield from self._children[address]
        for sibling in self._families.siblings(address):
            for other in self._of_object.of(sibling):
                if other.action in move.waits_for_siblings:
                    yield other
        if move.withdraws:
            yield from self._successors(address)
            yield from self._withdrawn_before(address)
        elif field.settles_as is not ABSENT:
            # Its family serves the version that it serves in the end before this one settles: in
            # between it would serve another by chance.
            served = self._serving.comes_before(address)
            for other in () if served is None else self._of_object.of(served):
                found = move_of(other.address.kind, other.action)
                if found is not None and not found[1].withdraws:
                    yield other

    def _before_delete(self, change: Change) -> Iterator[Change]:
        address, root = change.address, self._deleted_root(change.address)
        yield from self._children[address]
        yield from self._leaving[address]
        yield from self._successors(root)
        yield from self._withdrawn_before(root)
        if root in self._replaced:
            new = self._replaced[root]
            yield from self._of_object.of(new)
            # The children of the old one wait for the new one alone, or edges would be quadratic.
            yield from self._children[new] if address == root else ()
        target = slug_target(address)
        if target is not None and target in self._replaced:
            yield from self._created(address._replace(slug=self._replaced[target].slug))

    def _given_before(self, change: Change, parent: Address) -> Iterator[Change]:
        """What an object that stays gets: nothing is taken from it before that is in place."""
        if self._deleted_root(change.address) != change.address:
            return  # all of it goes with its parent
        if parent not in self._exchanges:
            children = self._children[parent]
            given = [
                each
                for each in children
                if (each.action == Action.CREATE or each.effect is Effect.LOOSENS)
            ]
            taken = [each for each in children if _takes(each)]
            self._exchanges[parent] = _Exchange(
                given=given,
                first_taken=min(taken, key=lambda each: each.address.sort_key),
                is_small=len(given) * len(taken) <= _MOST_PAIRS,
            )
        exchange = self._exchanges[parent]
        if exchange.given:
            waits_itself = exchange.is_small or change is exchange.first_taken
            yield from exchange.given if waits_itself else (exchange.first_taken,)

    def _successors(self, address: Address) -> Iterator[Change]:
        """What puts siblings in place: nothing is withdrawn before that is done."""
        for sibling in self._families.siblings(address):
            for other in self._of_object.of(sibling):
                move = move_of(sibling.kind, other.action)
                if move is not None and not move[1].withdraws:
                    yield other

    def _withdrawn_before(self, address: Address) -> Iterator[Change]:
        """What withdraws siblings that would be served if this one was gone."""
        if self._serving.goes_last(address):
            for sibling in self._families.siblings(address):
                for other in self._of_object.of(sibling):
                    move = move_of(sibling.kind, other.action)
                    if other.action == Action.DELETE or (move is not None and move[1].withdraws):
                        yield other

    def _deleted_root(self, address: Address) -> Address:
        """The outermost object that is deleted together with this one."""
        parent = address.parent
        if parent is None or all(c.action != Action.DELETE for c in self._of_object.of(parent)):
            return address
        return self._deleted_root(parent)

    def _created(self, address: Address | None) -> Iterator[Change]:
        if address is not None:
            for other in self._of_object.of(address):
                if other.action == Action.CREATE:
                    yield other


def _topological(ranked: list[Change], needed: Sequence[tuple[str, ...]]) -> Iterator[Change]:
    """Each change after all that it needs, lowest rank first, with the ids of what it needs.

    One that has to wait does so for one change at a time: almost none has to, and lists of what
    waits for each would be as large as the changes. Each replaces itself in `ranked`.
    """
    awaited = {each for needs in needed for each in needs}
    done: set[str] = set()
    waiting: Mapping[str, list[int]] = defaultdict(list)
    left: dict[int, Iterator[str]] = {}
    """What a change that waits needs besides: what it waited for before is done."""
    for rank in range(len(ranked)):
        ready = [rank]
        while ready:
            place = heapq.heappop(ready)
            needs = left.pop(place, None) or iter(needed[place])
            missing = next((each for each in needs if each not in done), None)
            if missing is not None:
                waiting[missing].append(place)
                left[place] = needs
                continue
            change = ranked[place] = ranked[place].changed(depends_on=needed[place])
            yield change
            if (name := change.id) in awaited:
                done.add(name)
                for follower in waiting.get(name, ()):
                    heapq.heappush(ready, follower)


def _ranked(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes by level, address and action, so that one set of changes has one order."""
    levels: dict[tuple[int, int], list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda each: each.action):
        levels[level(change)].append(change)
    for each in sorted(levels):
        yield from by_address(levels[each], lambda change: change.address)
