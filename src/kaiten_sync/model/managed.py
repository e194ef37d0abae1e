"""The fingerprints of all declared objects, in little memory: a catalog has 100,000 of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from kaiten_sync.model.address import Address, Kind

_SIZE = 8
"""Bytes of a fingerprint."""


class Managed(Mapping[Address, str]):
    """Fingerprints of 16 hex digits by address.

    What is in one place (`license/growth/grant`) is two values: the slugs, and their fingerprints
    in one piece. A dict takes eight times as much.
    """

    __slots__ = ("_places",)

    def __init__(self, marks: Iterable[tuple[Address, str]]) -> None:
        self._places: dict[tuple[Address | None, Kind], tuple[tuple[str, ...], bytes]] = {}
        for place, found in groupby(marks, key=lambda each: (each[0].parent, each[0].kind)):
            known = {address.slug: mark for address, mark in found}
            if place in self._places:
                known = {**self._marks(place), **known}
            slugs = tuple(sorted(known))
            self._places[place] = slugs, bytes.fromhex("".join(known[slug] for slug in slugs))

    def __getitem__(self, address: Address) -> str:
        slugs, marks = self._places[address.parent, address.kind]
        place = bisect_left(slugs, address.slug)
        if place == len(slugs) or slugs[place] != address.slug:
            raise KeyError(address)
        return marks[place * _SIZE : (place + 1) * _SIZE].hex()

    def __iter__(self) -> Iterator[Address]:
        for (parent, kind), (slugs, _) in self._places.items():
            for slug in slugs:
                yield Address(kind, slug, parent)

    def __len__(self) -> int:
        return sum(len(slugs) for slugs, _ in self._places.values())

    def __repr__(self) -> str:
        return repr({**self})

    def _marks(self, place: tuple[Address | None, Kind]) -> Mapping[str, str]:
        parent, kind = place
        return {slug: self[Address(kind, slug, parent)] for slug in self._places[place][0]}
