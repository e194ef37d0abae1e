"""Several values for a key, where almost every key has one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


class Multimap(Generic[_K, _V]):
    """Values by key, in the order in which they were added.

    A list for each key would take as much memory as the changes of a plan.
    """

    def __init__(self) -> None:
        self._first: dict[_K, _V] = {}
        self._more: dict[_K, list[_V]] = defaultdict(list)

    def add(self, key: _K, value: _V) -> None:
        """Add a value."""
        if key in self._first:
            self._more[key].append(value)
        else:
            self._first[key] = value

    def of(self, key: _K) -> Sequence[_V]:
        """All values of a key."""
        if key not in self._first:
            return ()
        return (self._first[key], *self._more.get(key, ()))
