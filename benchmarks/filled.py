"""Fills a server's database without its API, which takes a quarter of an hour for 200,000 grants.

python -m benchmarks.filled DATABASE_URL LICENSES
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table, insert, select

from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.tables import grant, license_family, license_version
from kaiten_sync.server.service.work import new_id

_Row: TypeAlias = dict[str, Any]

_AT_ONCE = 500
"""Licenses that are added in one transaction: the server beside it must not wait for long."""


def fill(database_url: str, licenses: int) -> None:
    """Copy the only license until there are so many, as if `catalog_yaml` had been applied."""
    database = open_engine(database_url)
    tables = (license_family, license_version, grant)
    with database.reading() as connection:
        first = {table: _rows(connection, table) for table in tables}
    for start in range(1, licenses, _AT_ONCE):
        copies: dict[Table, list[_Row]] = {table: [] for table in tables}
        for number in range(start, min(start + _AT_ONCE, licenses)):
            for table, row in _copied(first, number):
                copies[table].append(row)
        with database.writing() as connection:
            for table, rows in copies.items():
                connection.execute(insert(table), rows)
    database.close()


def _copied(first: dict[Table, list[_Row]], number: int) -> Iterator[tuple[Table, _Row]]:
    (family,), (version,), granted = first.values()
    slug, family_id, license_id = f"license-{number:05}", new_id(), new_id()
    yield license_family, {**family, "id": family_id, "slug": slug}
    named = {
        "slug": slug,
        "name": f"License {number}",
        "created_at": version["created_at"] + number,
    }
    yield license_version, {**version, **named, "id": license_id, "family_id": family_id}
    for each in granted:
        value = {**each["value"], "value": each["value"]["value"] + number * len(granted)}
        yield grant, {**each, "id": new_id(), "license_id": license_id, "value": value}


def _rows(connection: Connection, table: Table) -> list[_Row]:
    query = select(table)
    # By key, as they are written again: a column may be stored under another name.
    keys = query.selected_columns.keys()
    return [dict(zip(keys, row, strict=True)) for row in connection.execute(query)]


if __name__ == "__main__":
    fill(sys.argv[1], int(sys.argv[2]))
