"""The fingerprints of all declared objects, in little memory: a catalog has 100,000 of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeAlias

from kaiten_sync.model.address import Address, Place, by_text, in_places

_SIZE = 8
"""Bytes of a fingerprint."""

_Marks: TypeAlias = tuple[tuple[str, ...], bytes]
"""The sorted slugs of a place, and their fingerprints."""


class Managed(Mapping[Address, str]):
    """Fingerprints of 16 hex digits by address.

    What is in one place (`license/growth/grant`) is two values: the slugs, and their fingerprints
    in one piece. A dict takes eight times as much.
    """

    __slots__ = ("_places",)

    def __init__(self, marks: Iterable[tuple[Address, str]]) -> None:
        runs: dict[Place, list[_Marks]] = defaultdict(list)
        for place, found in groupby(marks, key=lambda each: (each[0].parent, each[0].kind)):
            runs[place].append(_packed({a.slug: bytes.fromhex(mark) for a, mark in found}))
        self._places = {place: _joined(each) for place, each in runs.items()}

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

    def by_text(self) -> Iterator[tuple[str, str]]:
        """Fingerprints with the texts of their addresses, in the order of these."""
        return by_text({place: _shown(found) for place, found in self._places.items()})


def marks_by_text(marks: Mapping[Address, str]) -> Iterator[tuple[str, str]]:
    """What `Managed.by_text` gives, of fingerprints in whatever they are kept."""
    if isinstance(marks, Managed):
        return marks.by_text()
    places = in_places(marks).items()
    return by_text({place: [(each.slug, marks[each]) for each in found] for place, found in places})


def _packed(marks: Mapping[str, bytes]) -> _Marks:
    slugs = tuple(sorted(marks))
    return slugs, b"".join(marks[slug] for slug in slugs)


def _joined(runs: Sequence[_Marks]) -> _Marks:
    """All of one place; of a slug that appears twice, the last counts."""
    if len(runs) == 1:
        return runs[0]
    return _packed({slug: mark for each in runs for slug, mark in _entries(each)})


def _shown(found: _Marks) -> Iterator[tuple[str, str]]:
    return ((slug, mark.hex()) for slug, mark in _entries(found))


def _entries(found: _Marks) -> Iterator[tuple[str, bytes]]:
    slugs, marks = found
    for place, slug in enumerate(slugs):
        yield slug, marks[place * _SIZE : (place + 1) * _SIZE]
