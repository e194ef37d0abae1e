"""Times are in the years that dates can say, and JSON has the form that is read.

Nothing of ours ever stored anything else; but a row that somebody else wrote broke every list with
it. Rows that are not so are mended: a time to the nearest one, a grant to one that grants nothing, other JSON to none.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection

from kaiten_sync.server.db.migrations.rebuilding import add_checks, drop_checks

revision = "0010"
down_revision = "0009"

_FIRST, _LAST = -62135596800000, 253402300799999
"""The years 1 and 9999, in milliseconds since 1970."""

_TIMES = {
    "entitlement": ("created_at", "updated_at"),
    "license_family": ("created_at", "updated_at"),
    "license": ("created_at", "updated_at"),
    "license_entitlement": ("created_at", "updated_at"),
    "customer": ("created_at", "updated_at"),
    "instance": ("created_at", "updated_at", "start_license_date", "end_license_date"),
    "event": ("occurred_at",),
    "webhook_endpoint": ("created_at", "updated_at", "failing_since", "paused_at", "retry_at"),
    "webhook_delivery": ("created_at", "due_at", "attempted_at"),
    "service_account": ("created_at",),
    "token": ("created_at", "expires_at", "revoked_at"),
    "entitlement_usage": ("updated_at", "period_start"),
}
_VALUE = {
    "sqlite": (
        "CASE json_extract(value, '$.type')"
        " WHEN 'number' THEN ifnull(json_type(value, '$.value'), '') IN ('integer', 'real')"
        " WHEN 'boolean' THEN ifnull(json_type(value, '$.value'), '') IN ('true', 'false')"
        " WHEN 'object' THEN ifnull(json_type(value, '$.value'), '') = 'object'"
        " ELSE false END"
    ),
    "postgresql": (
        "CASE value ->> 'type'"
        " WHEN 'number' THEN coalesce(jsonb_typeof(value -> 'value'), '') = 'number'"
        " WHEN 'boolean' THEN coalesce(jsonb_typeof(value -> 'value'), '') = 'boolean'"
        " WHEN 'object' THEN coalesce(jsonb_typeof(value -> 'value'), '') = 'object'"
        " ELSE false END"
    ),
}
_JSON = {
    "instance": ("metadata", "object", "jsonb"),
    "event": ("payload", "object", "json"),
    "webhook_endpoint": ("event_types", "array", "jsonb"),
    "token": ("scopes", "array", "jsonb"),
}
"""Columns of JSON: which, what is in it, and its type on PostgreSQL."""

_FINITE = "BETWEEN -1.7976931348623157e+308 AND 1.7976931348623157e+308"
_NUMBERS = {
    "event": dict.fromkeys(("used_before", "used_after", "threshold"), _FINITE),
    "webhook_delivery": {"attempts": "BETWEEN 0 AND 32767"},
    "entitlement_usage_day": {"day": "BETWEEN -719162 AND 2932896"},
}
"""Columns of other numbers; days are counted from 1970 and in the same years."""

_TABLES = (*_TIMES, "entitlement_usage_day")

_NOTHING = {
    "BOOLEAN": '{"type": "boolean", "value": false}',
    "CONFIG": '{"type": "object", "value": {}}',
}
"""What grants nothing, by the type of the entitlement; of all others it is a number."""

_NO_NUMBER = '{"type": "number", "value": 0}'


def upgrade() -> None:
    """Mend rows, then add the checks."""
    connection = op.get_bind()
    for table, columns in _TIMES.items():
        for column in columns:
            _mend_times(connection, table, column)
    _mend_values(connection)
    for table, (column, kind, type_) in _JSON.items():
        empty = "'{}'" if kind == "object" else "'[]'"
        cast = f"::{type_}" if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(
            f"UPDATE {table} SET {column} = {empty}{cast} WHERE NOT ({_is(connection, table)})"
        )
    for table, numbers in _NUMBERS.items():
        for column, condition in numbers.items():
            # A day is in the key, and nothing is lost with it but a bar of a chart.
            change = (
                f"DELETE FROM {table}" if column == "day" else f"UPDATE {table} SET {column} = 0"
            )
            connection.exec_driver_sql(f"{change} WHERE NOT ({column} {condition})")
    for table in _TABLES:
        add_checks(connection, table, _checks(connection, table))


def downgrade() -> None:
    """Remove the checks."""
    connection = op.get_bind()
    for table in _TABLES:
        drop_checks(connection, table, _checks(connection, table))


def _checks(connection: Connection, table: str) -> dict[str, str]:
    between = f"BETWEEN {_FIRST} AND {_LAST}"
    checks = {}
    if table in _TIMES:
        times = " AND ".join(f"{column} {between}" for column in _TIMES[table])
        checks[f"ck_{table}_times"] = times
    if table in _NUMBERS:
        numbers = (f"{column} {condition}" for column, condition in _NUMBERS[table].items())
        checks[f"ck_{table}_numbers"] = " AND ".join(numbers)
    if table in _JSON:
        checks[f"ck_{table}_json"] = _is(connection, table)
    if table == "license_entitlement":
        checks["ck_license_entitlement_value"] = _VALUE[connection.dialect.name]
    return checks


def _is(connection: Connection, table: str) -> str:
    """The condition that a column of JSON has what is read from it."""
    column, kind, type_ = _JSON[table]
    if connection.dialect.name == "postgresql":
        return f"{type_}_typeof({column}) = '{kind}'"
    # Its other functions fail if it is not JSON.
    return f"CASE WHEN json_valid({column}) THEN json_type({column}) = '{kind}' ELSE false END"


def _mend_times(connection: Connection, table: str, column: str) -> None:
    nearest = f"CASE WHEN {column} < {_FIRST} THEN {_FIRST} ELSE {_LAST} END"
    if connection.dialect.name == "sqlite":
        nearest = f"CASE WHEN typeof({column}) IN ('text', 'blob') THEN 0 ELSE {nearest} END"
    connection.exec_driver_sql(
        f"UPDATE {table} SET {column} = {nearest} WHERE NOT ({column} BETWEEN {_FIRST} AND {_LAST})"
    )


def _mend_values(connection: Connection) -> None:
    dialect = connection.dialect.name
    cast = "::jsonb" if dialect == "postgresql" else ""
    of_type = " ".join(f"WHEN '{kind}' THEN '{value}'" for kind, value in _NOTHING.items())
    connection.exec_driver_sql(
        f"UPDATE license_entitlement SET value = (SELECT (CASE type {of_type}"
        f" ELSE '{_NO_NUMBER}' END){cast} FROM entitlement"
        " WHERE entitlement.id = license_entitlement.entitlement_id)"
        f" WHERE NOT ({_VALUE[dialect]})"
    )
