"""Numbers are finite: what is not is mended, and the database refuses it from now on.

A threshold or sale factor that was typed into a form as NaN, Infinity or 1e400 was stored, and
every answer that should have shown it failed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from alembic import op
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Float,
    MetaData,
    SmallInteger,
    String,
    Table,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

_MOST = 1.7976931348623157e308
_FINITE = f"BETWEEN -{_MOST!r} AND {_MOST!r}"
_UNLIMITED = -1

metadata = MetaData()

entitlement = Table(
    "entitlement",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("sale_unit_singular", String(100)),
    Column("sale_unit_plural", String(100)),
    Column("sale_unit_factor", Float(53)),
)

grant = Table(
    "license_entitlement",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("value", JSON().with_variant(JSONB(), "postgresql")),
    Column("overage_percent", SmallInteger),
)

_THRESHOLD = {
    # Its JSON functions read NaN and Infinity as no JSON.
    "sqlite": (
        "json_valid(value) AND (json_extract(value, '$.type') <> 'number'"
        f" OR json_extract(value, '$.value') {_FINITE})"
    ),
    "postgresql": (
        "CASE WHEN value ->> 'type' = 'number'"
        f" THEN (value ->> 'value')::numeric {_FINITE} ELSE true END"
    ),
}


def upgrade() -> None:
    """Mend numbers that are not finite, then add the checks."""
    connection = op.get_bind()
    _mend_sale_factors(connection)
    _mend_thresholds(connection)
    if connection.dialect.name == "sqlite":
        # PostgreSQL has never taken such a number into a column of JSON.
        _mend_texts(connection, "usage_report", "answer")
        _mend_texts(connection, "event", "payload")
    for table, name, condition in _checks(connection):
        _add_check(connection, table, name, condition)


def downgrade() -> None:
    """Remove the checks."""
    connection = op.get_bind()
    for table, name, condition in _checks(connection):
        _drop_check(connection, table, name, condition)


def _checks(connection: Connection) -> list[tuple[str, str, str]]:
    """Table, name and condition of each check. A null passes them."""
    return [
        ("entitlement", "ck_entitlement_sale_factor_finite", f"sale_unit_factor {_FINITE}"),
        (
            "license_entitlement",
            "ck_license_entitlement_finite",
            _THRESHOLD[connection.dialect.name],
        ),
        ("entitlement_usage", "ck_entitlement_usage_finite", f"value {_FINITE}"),
        ("entitlement_usage_day", "ck_entitlement_usage_day_finite", f"value {_FINITE}"),
        ("entitlement_usage_day", "ck_entitlement_usage_day_highest", f"highest {_FINITE}"),
        ("usage_report", "ck_usage_report_finite", f"value {_FINITE}"),
    ]


def _mend_sale_factors(connection: Connection) -> None:
    """Remove sale units whose factor says nothing. PostgreSQL sorts NaN above all numbers."""
    nothing = dict.fromkeys(("sale_unit_singular", "sale_unit_plural", "sale_unit_factor"))
    is_endless = entitlement.c.sale_unit_factor > _MOST
    connection.execute(update(entitlement).where(is_endless).values(**nothing))


def _mend_thresholds(connection: Connection) -> None:
    """What refused no report becomes unlimited, and what refused each the least number."""
    for row in connection.execute(select(grant)).all():
        value = _mended(row.value)
        if value == row.value:
            continue
        is_unlimited = value["value"] == _UNLIMITED
        overage = _UNLIMITED if is_unlimited else row.overage_percent
        changed = update(grant).where(grant.c.id == row.id)
        connection.execute(changed.values(value=value, overage_percent=overage))


def _mend_texts(connection: Connection, table: str, column: str) -> None:
    broken = f"SELECT rowid, {column} FROM {table} WHERE NOT json_valid({column})"
    for rowid, text in connection.exec_driver_sql(broken).all():
        value = json.dumps(_mended(json.loads(text)))
        change = f"UPDATE {table} SET {column} = ? WHERE rowid = ?"
        connection.exec_driver_sql(change, (value, rowid))


def _mended(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) <= _MOST:
        return value
    return _UNLIMITED if value > 0 or math.isnan(value) else -_MOST


def _add_check(connection: Connection, table: str, name: str, condition: str) -> None:
    if connection.dialect.name == "sqlite":
        _rebuild(connection, table, lambda sql: f"{sql[:-1].rstrip()}{_line(name, condition)}\n)")
    else:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})")


def _drop_check(connection: Connection, table: str, name: str, condition: str) -> None:
    if connection.dialect.name == "sqlite":
        _rebuild(connection, table, lambda sql: sql.replace(_line(name, condition), ""))
    else:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def _line(name: str, condition: str) -> str:
    return f",\n\tCONSTRAINT {name} CHECK ({condition})"


def _rebuild(connection: Connection, table: str, change: Callable[[str], str]) -> None:
    """Make a table again with its definition changed, as SQLite can add no check to one.

    Foreign keys must be off, or dropping the table would delete what points at it.
    Source: https://www.sqlite.org/lang_altertable.html#otheralter
    """
    run = connection.exec_driver_sql
    parts = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL"
    definition = run(parts, (table, "table")).scalar_one()
    indexes = run(parts, (table, "index")).scalars().all()
    rebuilt = f"_{table}_rebuilt"
    run(re.sub(rf'^CREATE TABLE "?{table}"?', f"CREATE TABLE {rebuilt}", change(definition)))
    run(f"INSERT INTO {rebuilt} SELECT * FROM {table}")
    run(f"DROP TABLE {table}")
    run(f"ALTER TABLE {rebuilt} RENAME TO {table}")
    for index in indexes:
        run(index)
