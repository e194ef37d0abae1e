"""What rating a counter needs, beside the counter: its instance's license, and its window's end.

Lists of counters looked at the instance of each, and worked out dates in SQL. And indexes for
lists of counters that are sorted by what they belong to.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from alembic import op
from sqlalchemy import BigInteger, Column, String, text

revision = "0013"
down_revision = "0012"

_USAGE, _INSTANCE, _CUSTOMER = "entitlement_usage", "instance", "customer"
_RATING = ["entitlement_id", "license_id", "value", "window_end", "instance_id"]
_START = "substr(folded, 1, 64)"
_COLLATED = f'({_START}) COLLATE "C"'
"""The order of code points, which SQLite has anyway."""
_BATCH = 1_000
"""Rows that are read and written at a time: a table may be larger than the memory."""

_WINDOWS = text(
    "SELECT u.instance_id, u.entitlement_id, u.period_start, e.reset_period, e.reset_anchor,"
    " i.start_license_date FROM entitlement_usage u"
    " JOIN entitlement e ON e.id = u.entitlement_id JOIN instance i ON i.id = u.instance_id"
    " WHERE (u.instance_id, u.entitlement_id) > (:instance, :entitlement)"
    " AND u.period_start IS NOT NULL AND e.reset_period IS NOT NULL"
    f" ORDER BY u.instance_id, u.entitlement_id LIMIT {_BATCH}"
)
_SET_END = text(
    "UPDATE entitlement_usage SET window_end = :window_end"
    " WHERE instance_id = :instance AND entitlement_id = :entitlement"
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_999
_CALENDAR_ORIGIN_MS = 978_307_200_000
_DAY_MS = 86_400_000
_LENGTHS = {"HOUR": _DAY_MS // 24, "DAY": _DAY_MS, "WEEK": 7 * _DAY_MS}
_MONTHS = {"MONTH": 1, "YEAR": 12}


def upgrade() -> None:
    """Add the columns, fill them, and index them."""
    op.add_column(_USAGE, Column("license_id", String(36), nullable=False, server_default=""))
    op.add_column(_USAGE, Column("window_end", BigInteger))
    op.execute(
        "UPDATE entitlement_usage SET license_id ="
        " (SELECT license_id FROM instance WHERE instance.id = instance_id)"
    )
    _fill_ends()
    op.create_index("ix_entitlement_usage_rating", _USAGE, _RATING)
    op.drop_index("ix_entitlement_usage_entitlement_id_value", _USAGE)
    op.create_index("ix_instance_license_id_id", _INSTANCE, ["license_id", "id"])
    op.drop_index("ix_instance_license_id", _INSTANCE)
    op.create_index(
        "ix_instance_organisation_id_end_license_date_id",
        _INSTANCE,
        ["organisation_id", "end_license_date", "id"],
    )
    start = _COLLATED if op.get_bind().dialect.name == "postgresql" else _START
    for table in (_INSTANCE, _CUSTOMER):
        name = f"ix_{table}_organisation_id_start_id"
        op.create_index(name, table, ["organisation_id", text(start), "id"])


def downgrade() -> None:
    """Drop all of it."""
    for table in (_INSTANCE, _CUSTOMER):
        op.drop_index(f"ix_{table}_organisation_id_start_id", table)
    op.drop_index("ix_instance_organisation_id_end_license_date_id", _INSTANCE)
    op.create_index("ix_instance_license_id", _INSTANCE, ["license_id"])
    op.drop_index("ix_instance_license_id_id", _INSTANCE)
    op.create_index(
        "ix_entitlement_usage_entitlement_id_value", _USAGE, ["entitlement_id", "value"]
    )
    op.drop_index("ix_entitlement_usage_rating", _USAGE)
    op.drop_column(_USAGE, "window_end")
    op.drop_column(_USAGE, "license_id")


def _fill_ends() -> None:
    connection = op.get_bind()
    place = {"instance": "", "entitlement": ""}
    while rows := connection.execute(_WINDOWS, place).all():
        changes = [
            {
                "instance": row.instance_id,
                "entitlement": row.entitlement_id,
                "window_end": _end_of(
                    row.reset_period,
                    row.start_license_date
                    if row.reset_anchor == "LICENSE_START"
                    else _CALENDAR_ORIGIN_MS,
                    row.period_start,
                ),
            }
            for row in rows
        ]
        connection.execute(_SET_END, changes)
        place = {name: changes[-1][name] for name in place}


def _end_of(period: str, origin_ms: int, start_ms: int) -> int | None:
    """The end of the window of this period that starts there; None if none does."""
    length_ms = _LENGTHS.get(period)
    if length_ms is not None:
        is_start = (start_ms - origin_ms) % length_ms == 0
        return min(start_ms + length_ms, _LAST_MS) if is_start else None
    origin, start = _date_of(origin_ms), _date_of(start_ms)
    months = (start.year - origin.year) * 12 + start.month - origin.month
    if months % _MONTHS[period] or _after(origin_ms, months) != start_ms:
        return None
    return _after(origin_ms, months + _MONTHS[period])


def _after(origin_ms: int, months: int) -> int:
    """So many months after a time; a month that is too short has it on its last day."""
    origin = _date_of(origin_ms)
    year, month = divmod(origin.year * 12 + origin.month - 1 + months, 12)
    if year > 9999:
        return _LAST_MS
    day = min(origin.day, calendar.monthrange(year, month + 1)[1])
    midnight = datetime(year, month + 1, day, tzinfo=UTC)
    return (midnight - _EPOCH) // timedelta(milliseconds=1) + origin_ms % _DAY_MS


def _date_of(at_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=at_ms)
