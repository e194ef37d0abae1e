"""Reads the parts of a plan file, whatever kind of plan it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from kaiten_sync.model.value import levels_of

_DEEPEST = 200
"""Levels of a value: three times what a declaration may have, as a server may have more."""

_LARGEST = int(sys.float_info.max)
"""The API keeps numbers as float64."""

_Part = TypeVar("_Part")
_Value = TypeVar("_Value")


def each_of(
    read: Callable[[_Part], _Value], parts: Iterable[_Part], place: str
) -> tuple[_Value, ...]:
    """Read every part; an error names its place."""
    return tuple(at(f"{place}[{index}]", read, part) for index, part in enumerate(parts))


def at(place: str, read: Callable[[_Part], _Value], part: _Part) -> _Value:
    """Read a part; an error names its place."""
    try:
        return read(part)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error


def bounded(value: _Value) -> _Value:
    """A value that every later step can take: comparing, rendering and sending recurse into it."""
    for depth, level in enumerate(levels_of(value)):
        if depth > _DEEPEST:
            raise ValueError("it is nested too deeply")
        if any(isinstance(each, int) and abs(each) > _LARGEST for each in level):
            raise ValueError("a number is too large")
    return value
