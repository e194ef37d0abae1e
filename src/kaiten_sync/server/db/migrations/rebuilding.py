"""Adds checks to tables and removes them, on databases that can and on SQLite, which cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from sqlalchemy import Connection


def add_checks(connection: Connection, table: str, checks: Mapping[str, str]) -> None:
    """Add conditions, by the names of their constraints, that all rows of a table fulfil."""
    if connection.dialect.name == "sqlite":
        lines = "".join(_line(name, condition) for name, condition in checks.items())
        _rebuild(connection, table, lambda sql: f"{sql[:-1].rstrip()}{lines}\n)")
        return
    for name, condition in checks.items():
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})")


def drop_checks(connection: Connection, table: str, checks: Mapping[str, str]) -> None:
    """Remove checks that were added so."""
    if connection.dialect.name == "sqlite":
        lines = "".join(_line(name, condition) for name, condition in checks.items())
        _rebuild(connection, table, lambda sql: sql.replace(lines, ""))
        return
    for name in checks:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def _line(name: str, condition: str) -> str:
    return f",\n\tCONSTRAINT {name} CHECK ({condition})"


def _rebuild(connection: Connection, table: str, change: Callable[[str], str]) -> None:
    """Make a table again with its definition changed.

    Foreign keys must be off, or dropping the table would delete what points at it.
    Source: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    run = connection.exec_driver_sql
    parts = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    definition = run(parts, (table, "table")).scalar_one()
    indexes = run(parts, (table, "index")).scalars().all()
    rebuilt = f"_{table}_rebuilt"
    run(re.sub(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE {rebuilt}", change(definition)))
    run(f"INSERT INTO {rebuilt} SELECT * FROM {table}")  # noqa: S608  names of our own
    run(f"DROP TABLE {table}")
    run(f"ALTER TABLE {rebuilt} RENAME TO {table}")
    for index in indexes:
        run(index)
