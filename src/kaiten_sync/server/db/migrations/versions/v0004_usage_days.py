"""What was reported and used on each day, and that of the last month as far as it is known.

A frozen copy of this table of `db/tables.py` as it was then, and of the columns that are read.
"""

from __future__ import annotations

import time

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

revision = "0004"
down_revision = "0003"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = String(36)
_DAY_MS = 86_400_000
_MONTH_MS = 31 * _DAY_MS
_ACCEPTED = "com.kaiten.instance.entitlement.v1.usage_report_accepted"
_REJECTED = "com.kaiten.instance.entitlement.v1.usage_report_rejected"

Table("organisation", metadata, Column("id", _Id, primary_key=True))
Table("instance", metadata, Column("id", _Id, primary_key=True))

entitlement = Table(
    "entitlement",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id),
    Column("slug", String(100)),
)

usage = Table(
    "entitlement_usage",
    metadata,
    Column("instance_id", _Id),
    Column("entitlement_id", _Id),
    Column("value", Float(53)),
    Column("period_start", BigInteger),
    Column("updated_at", BigInteger),
)

event = Table(
    "event",
    metadata,
    Column("organisation_id", _Id),
    Column("instance_id", _Id),
    Column("type", String(100)),
    Column("payload", JSON),
    Column("occurred_at", BigInteger),
)

usage_day = Table(
    "entitlement_usage_day",
    metadata,
    Column("instance_id", _Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id", _Id, ForeignKey("entitlement.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("day", Integer, primary_key=True, index=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("highest", Float(53)),
    Column("value", Float(53)),
    Column("period_start", BigInteger),
    # Has all that is summed up, so that no row has to be looked at.
    Index(
        "ix_entitlement_usage_day_counts",
        *("organisation_id", "day", "entitlement_id", "accepted", "refused"),
    ),
)


def upgrade() -> None:
    """Create the table with what events and counters still tell."""
    connection = op.get_bind()
    usage_day.create(connection)
    _count_events(connection)
    _copy_counters(connection)


def downgrade() -> None:
    """Drop the table."""
    usage_day.drop(op.get_bind())


def _count_events(connection: Connection) -> None:
    day = (event.c.occurred_at // literal(_DAY_MS)).label("day")
    counted = (
        select(
            event.c.instance_id,
            entitlement.c.id,
            day,
            event.c.organisation_id,
            func.count().filter(event.c.type == _ACCEPTED),
            func.count().filter(event.c.type == _REJECTED),
            null(),
            null(),
            null(),
        )
        .join(
            entitlement,
            and_(
                entitlement.c.organisation_id == event.c.organisation_id,
                entitlement.c.slug == event.c.payload["entitlement_slug"].as_string(),
            ),
        )
        .where(event.c.type.in_((_ACCEPTED, _REJECTED)), event.c.instance_id.is_not(None))
        .where(event.c.occurred_at >= time.time_ns() // 1_000_000 - _MONTH_MS)
        .group_by(event.c.instance_id, entitlement.c.id, "day", event.c.organisation_id)
    )
    connection.execute(insert(usage_day).from_select(list(usage_day.c), counted))


def _copy_counters(connection: Connection) -> None:
    """Say of the day of a counter's last report what it says itself."""
    day = usage.c.updated_at // literal(_DAY_MS)
    is_same = and_(
        usage_day.c.instance_id == usage.c.instance_id,
        usage_day.c.entitlement_id == usage.c.entitlement_id,
        usage_day.c.day == day,
    )
    value = select(usage.c.value).where(is_same).scalar_subquery()
    start = select(usage.c.period_start).where(is_same).scalar_subquery()
    changed = update(usage_day).where(exists().where(is_same))
    connection.execute(changed.values(value=value, period_start=start))
    missing = select(
        usage.c.instance_id,
        usage.c.entitlement_id,
        day,
        entitlement.c.organisation_id,
        literal(0),
        literal(0),
        null(),
        usage.c.value,
        usage.c.period_start,
    )
    missing = missing.join(entitlement, entitlement.c.id == usage.c.entitlement_id)
    missing = missing.where(~exists().where(is_same))
    connection.execute(insert(usage_day).from_select(list(usage_day.c), missing))
