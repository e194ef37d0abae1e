"""Statements that SQLAlchemy writes once, and SQLite's driver runs.

For a small statement, SQLAlchemy's part of running it takes longer than SQLite's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.exc import DBAPIError


class PreparedQuery:
    """A statement in the words of SQLite, with the order of its parameters.

    `is_fixed` says whether it is the same with all parameters, and takes them as they are. A list
    is written into a statement each time: such a statement must not be run here.
    """

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        binds = compiled.binds
        self.is_fixed = not compiled.post_compile_params and not any(
            bind.type.dialect_impl(dialect).bind_processor(dialect) for bind in binds.values()
        )
        self.sql = str(compiled)
        self._order: Sequence[str] = compiled.positiontup or ()
        self._constants = {
            name: bind.effective_value for name, bind in binds.items() if not bind.required
        }
        readers = (
            column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        )
        self._readers = [(at, read) for at, read in enumerate(readers) if read is not None]

    def rows(
        self, connection: Connection, parameters: Mapping[str, object], *, only_first: bool
    ) -> Sequence[Sequence[Any]]:
        """The rows, or the first of them if there is one.

        Raises:
            DBAPIError: SQLite failed.
        """
        values = {**self._constants, **parameters}
        driver: Any = connection.connection.driver_connection
        try:
            cursor = driver.execute(self.sql, [values[name] for name in self._order])
            rows: Sequence[Sequence[Any]] = cursor.fetchmany(1) if only_first else cursor.fetchall()
        except sqlite3.Error as error:
            # As SQLAlchemy raises it, and without what customers sent.
            raise DBAPIError(self.sql, None, error, hide_parameters=True) from error
        return [self._read(row) for row in rows] if self._readers else rows

    def _read(self, stored: Sequence[Any]) -> Sequence[Any]:
        row = [*stored]
        for at, read in self._readers:
            row[at] = read(row[at])
        return row
