"""Addresses: the one way to name an object of the catalog, in files, plans and messages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
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


def by_text(addresses: Iterable[Address]) -> Iterator[tuple[str, Address]]:
    """Addresses with their texts, in the order of these.

    Sorted root by root, as what is inside one is together: all texts take more memory than their
    addresses.
    """
    places: dict[str, list[Address]] = {}
    inside: dict[Address, list[Address]] = defaultdict(list)
    for each in addresses:
        parent = each.parent
        if parent is None:
            places[str(each)] = [each]
        else:
            inside[parent if parent.parent is None else parent.root].append(each)
    places |= {f"{root}/": children for root, children in inside.items()}
    for place in sorted(places):
        yield from sorted((str(each), each) for each in places[place])


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
