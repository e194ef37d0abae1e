"""One order of texts on every database: that of their characters' code points.

SQLite has it anyway. PostgreSQL would sort by the collation that its database was made with.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _ByCodePoints(GenericFunction[str]):
    """A text that is compared by its code points."""

    type = String()
    inherit_cache = True


@compiles(_ByCodePoints)
def _as_it_is(element: _ByCodePoints, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


@compiles(_ByCodePoints, "postgresql")
def _collated(element: _ByCodePoints, compiler: SQLCompiler, **more: Any) -> str:
    return f'{compiler.process(element.clauses, **more)} COLLATE "C"'


def ordered(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """What a list is sorted by, so that texts have the same order on every database."""
    return _ByCodePoints(key) if isinstance(key.type, String) else key
