"""Addresses: the one way to name an object of the catalog, in files, plans and messages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple, Self, TypeAlias, TypeVar

_Item = TypeVar("_Item")


class Kind(str):
    """The word for a kind of object, such as `license`; the tables in `kinds/` make them.

    `level` is the place of such objects in the order of creation; deletions go in reverse. Two
    kinds are equal if their words are.
    """

    __slots__ = ("level",)
    level: int

    def __new__(cls, word: str, *, level: int) -> Self:
        """Make the kind of this word."""
        kind = super().__new__(cls, word)
        kind.level = level
        return kind


SortKey: TypeAlias = "tuple[int, str, SortKey, str] | tuple[()]"


class Address(NamedTuple):
    """Names one object: `group/quotas`, `license/growth`, `license/growth/grant/api-calls`.

    `parent` is the object inside which it is declared, None at the top of the catalog.

    A tuple, because a plan of 20,000 grants hashes and compares theirs dozens of times: a frozen
    dataclass takes two to five times as long for each.
    """

    kind: Kind
    slug: str
    parent: Address | None = None

    def __str__(self) -> str:
        if self.parent is None:
            return f"{self.kind}/{self.slug}"
        return f"{self.parent}/{self.kind}/{self.slug}"

    @property
    def sort_key(self) -> SortKey:
        """Creation order first, then by kind, parent and slug."""
        parent = () if self.parent is None else self.parent.sort_key
        return (self.kind.level, self.kind, parent, self.slug)

    @property
    def child_list(self) -> ChildList | None:
        """The list in which a server has it; None at the top of the catalog."""
        return None if self.parent is None else ChildList(self.parent, self.kind)

    def is_within(self, chosen: Collection[Address]) -> bool:
        """Whether the object is among these, or inside one of them: an address includes those."""
        return self in chosen or (self.parent is not None and self.parent.is_within(chosen))

    @property
    def root(self) -> Address:
        """The object at the top of the catalog that it belongs to: itself, or an ancestor."""
        return self if self.parent is None else self.parent.root


def by_address(items: Iterable[_Item], address_of: Callable[[_Item], Address]) -> list[_Item]:
    """The items in the order of the `sort_key` of their addresses.

    Sorted parent by parent: the keys of all objects together take more memory than they do.
    """
    inside: dict[tuple[Address | None, Kind], list[_Item]] = defaultdict(list)
    for each in items:
        address = address_of(each)
        inside[address.parent, address.kind].append(each)
    places = sorted(inside, key=lambda place: Address(place[1], "", place[0]).sort_key)
    return [
        each
        for place in places
        for each in sorted(inside[place], key=lambda item: address_of(item).slug)
    ]


Place: TypeAlias = "tuple[Address | None, Kind]"
"""Where objects of one kind are: `license/growth/grant`, or `license` at the top of the catalog."""


def in_places(addresses: Iterable[Address]) -> dict[Place, list[Address]]:
    """Addresses by the place in which they are."""
    places: dict[Place, list[Address]] = defaultdict(list)
    for each in addresses:
        places[each.parent, each.kind].append(each)
    return places


def by_text(places: Mapping[Place, Iterable[tuple[str, _Item]]]) -> Iterator[tuple[str, _Item]]:
    """What each place has by slug, as it is by address, in the order of the addresses' texts.

    What is inside one root is together in that order, so it is sorted root by root: all texts
    take more memory than their addresses. What a place has is asked for when it is its turn.
    """
    tops: dict[str, _Item] = {}
    inside: dict[str, list[Place]] = defaultdict(list)
    for parent, kind in places:
        if parent is None:
            tops |= {f"{kind}/{slug}": item for slug, item in places[parent, kind]}
        else:
            inside[f"{parent.root}/"].append((parent, kind))
    for text in sorted((*tops, *inside)):
        if text in tops:
            yield text, tops[text]
        else:
            # A root's own places start alike, and mostly it has one.
            named = (entry for place in inside[text] for entry in _named(place, places[place]))
            yield from sorted(named, key=itemgetter(0))


def _named(place: Place, found: Iterable[tuple[str, _Item]]) -> Iterator[tuple[str, _Item]]:
    parent, kind = place
    start = f"{parent}/{kind}/"
    return ((start + slug, item) for slug, item in found)


class ChildList(NamedTuple):
    """All objects of one kind inside one parent: a server lists them together."""

    parent: Address
    kind: Kind


def is_slug(text: str) -> bool:
    """Whether a slug from outside is harmless in a URL, a file name and a terminal.

    Wider than the API's own rule, so that odd objects of older servers can still be named.
    """
    return _SLUG.fullmatch(text) is not None


_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
