"""Puts changes in order and writes down what each rests on, so that apply recomputes nothing."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kaiten_sync.kinds.addresses import entitlement_address, group_address, license_address
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.license import LICENSE, LicenseMove
from kaiten_sync.model.address import Address, SortKey
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.value import Json

_UP = {GROUP.kind: 0, ENTITLEMENT.kind: 1, LICENSE.kind: 2, GRANT.kind: 3}
_MOVES = {
    LicenseMove.PUBLISH: 4,
    LicenseMove.UNARCHIVE: 4,
    LicenseMove.CLEAR_DEFAULT: 5,
    LicenseMove.MAKE_DEFAULT: 6,
    LicenseMove.ARCHIVE: 7,
}
_DOWN = {GRANT.kind: 8, LICENSE.kind: 9, ENTITLEMENT.kind: 10, GROUP.kind: 11}


def level(change: Change) -> int:
    """Where a change stands: up by kind, then moves, then down in reverse."""
    if change.action in _MOVES:
        return _MOVES[change.action]
    table = _DOWN if change.action == Action.DELETE else _UP
    return table[change.address.kind]


def in_order(changes: Sequence[Change], live: LiveState) -> tuple[Change, ...]:
    """The changes with `depends_on` filled, each after all that it depends on."""
    edges = _Edges(changes, live)
    linked = [replace(c, depends_on=tuple(sorted(edges.before(c)))) for c in changes]
    return _topological(linked)


class _Edges:
    """Looks up, for a change, the changes that must come first."""

    def __init__(self, changes: Sequence[Change], live: LiveState) -> None:
        self._live = live
        self._by_address: dict[Address, list[Change]] = defaultdict(list)
        self._grants_of: dict[str, list[Change]] = defaultdict(list)
        self._deleted_grants: dict[str, list[Change]] = defaultdict(list)
        self._families: dict[str, list[Change]] = defaultdict(list)
        self._leaving: dict[str, list[Change]] = defaultdict(list)
        for change in sorted(changes, key=level):
            self._file(change)

    def before(self, change: Change) -> set[str]:
        """Ids of the changes that must be done before this one."""
        return {other.id for other in self._before(change) if other.id != change.id}

    def _file(self, change: Change) -> None:
        address = change.address
        self._by_address[address].append(change)
        if address.parent is not None:
            self._grants_of[address.parent.slug].append(change)
            if change.action == Action.DELETE:
                self._deleted_grants[address.slug].append(change)
        if address.kind == LICENSE.kind:
            self._families[self._family(change)].append(change)
        for slug in _group_slugs(change, side="before"):
            self._leaving[slug].append(change)

    def _before(self, change: Change) -> Iterator[Change]:
        yield from self._same_object(change)
        match change.address.kind:
            case GROUP.kind if change.action == Action.DELETE:
                yield from self._leaving[change.address.slug]
            case ENTITLEMENT.kind if change.action == Action.DELETE:
                yield from self._deleted_grants[change.address.slug]
            case ENTITLEMENT.kind:
                for slug in _group_slugs(change, side="after"):
                    yield from self._created(group_address(slug))
            case LICENSE.kind:
                yield from self._before_license(change)
            case GRANT.kind if change.action == Action.CREATE:
                yield from self._created(change.address.parent or change.address)
                yield from self._created(entitlement_address(change.address.slug))

    def _same_object(self, change: Change) -> Iterator[Change]:
        """Changes of one object follow one another: each PUT writes the whole object."""
        for other in self._by_address[change.address]:
            if other.id == change.id:
                return
            yield other

    def _before_license(self, change: Change) -> Iterator[Change]:
        slug = change.address.slug
        match change.action:
            case Action.CREATE:
                family = _value(change, "familySlug")
                if isinstance(family, str):
                    yield from self._created(license_address(family))
            case LicenseMove.PUBLISH | LicenseMove.UNARCHIVE | Action.DELETE:
                yield from self._grants_of[slug]
            case LicenseMove.ARCHIVE:
                yield from self._grants_of[slug]
                yield from self._siblings(
                    change, {LicenseMove.MAKE_DEFAULT, LicenseMove.CLEAR_DEFAULT}
                )
            case LicenseMove.MAKE_DEFAULT:
                # The server clears the sibling's flag; a sibling's PUT that was read before
                # and written after would set it again.
                yield from self._siblings(change, {Action.UPDATE, LicenseMove.CLEAR_DEFAULT})

    def _siblings(self, change: Change, actions: set[Action]) -> Iterator[Change]:
        for other in self._families[self._family(change)]:
            if other.action in actions and other.address != change.address:
                yield other

    def _created(self, address: Address) -> Iterator[Change]:
        for other in self._by_address[address]:
            if other.action == Action.CREATE:
                yield other

    def _family(self, change: Change) -> str:
        live = self._live.resources.get(change.address)
        named = _value(change, "familySlug") or (live.fields.get("familySlug") if live else None)
        if isinstance(named, str):
            return named
        return (live.family_id if live else None) or change.address.slug


def _topological(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Kahn's order, lowest level first, then by address: one order for one set of changes."""
    waiting = {c.id: len(c.depends_on) for c in changes}
    followers: Mapping[str, list[Change]] = defaultdict(list)
    for change in changes:
        for needed in change.depends_on:
            followers[needed].append(change)
    ready = [(_rank(c), c.id, c) for c in changes if not c.depends_on]
    heapq.heapify(ready)
    ordered: list[Change] = []
    while ready:
        _, _, change = heapq.heappop(ready)
        ordered.append(change)
        for follower in followers[change.id]:
            waiting[follower.id] -= 1
            if waiting[follower.id] == 0:
                heapq.heappush(ready, (_rank(follower), follower.id, follower))
    return tuple(ordered)


def _rank(change: Change) -> tuple[int, SortKey]:
    return (level(change), change.address.sort_key)


def _group_slugs(change: Change, *, side: str) -> list[str]:
    if change.address.kind != ENTITLEMENT.kind:
        return []
    for field in change.fields:
        if field.name == "groups":
            value = field.before if side == "before" else field.after
            return [str(slug) for slug in value] if isinstance(value, list) else []
    return []


def _value(change: Change, name: str) -> Json:
    for field in change.fields:
        if field.name == name and field.after:
            return field.after  # type: ignore[return-value]  # ABSENT is falsy
    return None
