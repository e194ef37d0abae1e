"""Where two JSON values differ. Used by adopt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kaiten_sync.declare.edit import EditPath
from kaiten_sync.model.value import ABSENT, Absent, Json, is_same


def differing(
    declared: Mapping[str, Json] | Sequence[Json], live: Mapping[str, Json] | Sequence[Json]
) -> Iterator[tuple[list[str | int], Json | Absent]]:
    """The innermost places in which two JSON values differ, with the live value there."""
    before, after = _items(declared), _items(live)
    for step in [*before, *(step for step in after if step not in before)]:
        old, new = before.get(step, ABSENT), after.get(step, ABSENT)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from (([step, *inner], value) for inner, value in differing(old, new))
            continue
        if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            yield from (([step, *inner], value) for inner, value in differing(old, new))
            continue
        if not is_same(old, new):
            yield [step], new


def value_at(value: Json, steps: EditPath) -> Json | Absent:
    """The part of a JSON value at a place; ABSENT if it has none there."""
    found: Json | Absent = value
    for step in steps:
        if not isinstance(found, Mapping | list):
            return ABSENT
        found = _items(found).get(step, ABSENT)
    return found


def _items(value: Mapping[str, Json] | Sequence[Json]) -> dict[str | int, Json]:
    if isinstance(value, Mapping):
        return {key: each for key, each in value.items()}  # noqa: C416  (its keys become wider)
    return dict(enumerate(value))
