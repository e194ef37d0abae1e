"""Where two JSON values differ: the keys of maps, and the items of lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.value import ABSENT, Absent, Json, is_same

_MAX_COMPARED = 4_000_000
"""Pairs of items that are compared to find which stayed; beyond, only the ends of lists are."""


def differing(
    declared: Mapping[str, Json], live: Mapping[str, Json]
) -> Iterator[tuple[list[str], Json | Absent]]:
    """The innermost keys in which two maps differ, with the live value there."""
    for key in [*declared, *(key for key in live if key not in declared)]:
        old, new = declared.get(key, ABSENT), live.get(key, ABSENT)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from (([key, *inner], value) for inner, value in differing(old, new))
        elif not is_same(old, new):
            yield [key], new


def value_at(value: Json, keys: Sequence[str]) -> Json | Absent:
    """The part of a JSON value at a place; ABSENT if it has none there."""
    found: Json | Absent = value
    for key in keys:
        found = found.get(key, ABSENT) if isinstance(found, Mapping) else ABSENT
    return found


class ItemChanges(Immutable, frozen=True):
    """How a list becomes another one, in numbers of the old one's items.

    `paired` items of the old list become the items of those numbers in the new one, and `came`
    are new items, by the old one before which they come; those at the end have the list's length.
    """

    paired: Mapping[int, int]
    gone: Sequence[int]
    came: Mapping[int, Sequence[Json]]


def item_changes(old: Sequence[Json], new: Sequence[Json]) -> ItemChanges:
    """The fewest items that change, go and come."""
    before, after = _spelled(old), _spelled(new)
    paired: dict[int, int] = {}
    gone: list[int] = []
    came: dict[int, Sequence[Json]] = {}
    for tag, start, end, first, last in _differences(before, after):
        if tag == "equal":
            continue
        both = min(end - start, last - first)
        paired |= {start + number: first + number for number in range(both)}
        gone += range(start + both, end)
        if first + both < last:
            came[end] = new[first + both : last]
    return ItemChanges(paired, gone, came)


def _differences(
    before: Sequence[str], after: Sequence[str]
) -> Sequence[tuple[str, int, int, int, int]]:
    """As `SequenceMatcher` has them, in time that long lists can bear."""
    if len(before) * len(after) <= _MAX_COMPARED:
        return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    head, tail, most = 0, 0, min(len(before), len(after))
    while head < most and before[head] == after[head]:
        head += 1
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return [("replace", head, len(before) - tail, head, len(after) - tail)]


def _spelled(items: Sequence[Json]) -> list[str]:
    return [json.dumps(each, sort_keys=True) for each in items]
