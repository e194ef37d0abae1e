"""What is written differently for each database: the order of texts, and the order of joins.

Texts are sorted by their code points everywhere. SQLite does so anyway; PostgreSQL would sort by
the collation that its database was made with.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _WrittenText(GenericFunction[str]):
    """A text that is written as it is, except on databases that have a way of their own below."""

    type = String()
    inherit_cache = True


@compiles(_WrittenText)
def _as_it_is(element: _WrittenText, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


class _ByCodePoints(_WrittenText):
    """A text that is compared by its code points."""

    inherit_cache = True


@compiles(_ByCodePoints, "postgresql")
def _collated(element: _ByCodePoints, compiler: SQLCompiler, **more: Any) -> str:
    return f'{compiler.process(element.clauses, **more)} COLLATE "C"'


def ordered(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a list is sorted by, so that texts have the same order on every database."""
    return _ByCodePoints(key) if isinstance(key.type, String) else key


class _ReadFirst(_WrittenText):
    """A text whose table is read before the one that is compared with it."""

    inherit_cache = True


@compiles(_ReadFirst, "sqlite")
def _without_index(element: _ReadFirst, compiler: SQLCompiler, **more: Any) -> str:
    return f"({compiler.process(element.clauses, **more)} || '')"


def read_first(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column by which SQLite finds rows of another table, and never its own by the other's.

    PostgreSQL chooses by what it knows of the tables, and knows nothing of what is worked out.
    """
    return _ReadFirst(column)
