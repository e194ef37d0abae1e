"""Sequences whose items are made when they are asked for: together they take too much memory."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

_T = TypeVar("_T")


class OnDemand(Sequence[_T]):
    """A sequence that is equal to any other with the same items."""

    __slots__ = ()

    @abstractmethod
    def _made(self, place: int) -> _T:
        """The item at a place.

        Raises:
            IndexError: there is none.
        """

    @overload
    def __getitem__(self, place: int) -> _T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, place: int | slice) -> _T | tuple[_T, ...]:
        return (*self,)[place] if isinstance(place, slice) else self._made(place)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and (*self,) == (*other,)

    __hash__ = None  # type: ignore[assignment]  # as a list has none

    def __repr__(self) -> str:
        return repr((*self,))
