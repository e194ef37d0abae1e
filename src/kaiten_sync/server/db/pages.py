"""One page of a list: the rows after a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

R = TypeVar("R", covariant=True)

_BEFORE_ALL = 2**62
"""A time after every other: the position of a first page, so that one statement serves all."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last object of the page before: when it was created, and its id."""

    created_at: int
    id: str


FIRST = Position(_BEFORE_ALL, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage(Generic[R]):
    """Rows of one page, and the position after which the next begins; None if it is the last."""

    rows: Sequence[R]
    next: Position | None
