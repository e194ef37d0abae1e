"""Values and metadata are stored as they were sent, on PostgreSQL as on SQLite.

Its binary JSON has another order of keys and other spellings of numbers: 1e300 was read as 301
digits.
"""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

_VALUE = (
    "CASE value ->> 'type'"
    " WHEN 'number' THEN coalesce({type_}_typeof(value -> 'value'), '') = 'number'"
    " WHEN 'boolean' THEN coalesce({type_}_typeof(value -> 'value'), '') = 'boolean'"
    " WHEN 'object' THEN coalesce({type_}_typeof(value -> 'value'), '') = 'object'"
    " ELSE false END"
)
_COLUMNS = {
    "license_entitlement": ("value", "ck_license_entitlement_value", _VALUE),
    "instance": ("metadata", "ck_instance_json", "{type_}_typeof(metadata) = 'object'"),
}
"""By table: the column, the name of its check, and the check for a type of JSON."""

_LONG_NUMBERS = """
UPDATE license_entitlement
SET value = json_build_object('type', 'number', 'value', (value ->> 'value')::float8)
WHERE value ->> 'type' = 'number' AND abs((value ->> 'value')::numeric) > 9007199254740992
"""
"""Thresholds in the spelling that they are read in if they are stored now."""


def upgrade() -> None:
    """Change the type of the columns."""
    if op.get_bind().dialect.name == "postgresql":
        _change_type("json")
        op.execute(_LONG_NUMBERS)


def downgrade() -> None:
    """Change it back."""
    if op.get_bind().dialect.name == "postgresql":
        _change_type("jsonb")


def _change_type(type_: str) -> None:
    for table, (column, name, check) in _COLUMNS.items():
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ALTER {column} TYPE {type_} USING {column}::{type_}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({check.format(type_=type_)})")
