"""One page of a list: what comes after a position, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, or_

_BEFORE_ALL = 2**62
"""A time after every other: the position of a first page, so that one statement serves all."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last object of the page before: when it was made, and its id."""

    created_at: int
    id: str


FIRST = Position(_BEFORE_ALL, "")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, and where the next begins; None where there is none."""

    rows: Sequence[Any]
    next: Position | None


def newest_first(statement: Select[Any], table: Table) -> Select[Any]:
    """The statement with the order and the parameters of a page: `after`, `after_id`, `top`."""
    created, key = table.c.created_at, table.c.id
    after: ColumnElement[int] = bindparam("after")
    is_later = or_(created < after, and_(created == after, key < bindparam("after_id")))
    return statement.where(is_later).order_by(created.desc(), key.desc()).limit(bindparam("top"))


def page_parameters(position: Position | None, limit: int) -> dict[str, object]:
    """Values for the parameters of `newest_first`: one row more than shown, to know of more."""
    start = position or FIRST
    return {"after": start.created_at, "after_id": start.id, "top": limit + 1}


def page_of(rows: Sequence[Any], limit: int) -> Page:
    """The rows to show, and the position that follows them."""
    shown = rows[:limit]
    if len(rows) <= limit:
        return Page(shown, None)
    last = shown[-1]
    return Page(shown, Position(getattr(last, "created_at", 0), last.id))
