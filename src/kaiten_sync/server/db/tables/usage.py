"""Usage: counters, days, and the keys of reports."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from kaiten_sync.server.db.tables.base import FINITE, Id, metadata, organization_id, valid_times

usage = Table(
    "entitlement_usage",
    metadata,
    Column("instance_id", Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id",
        Id,
        ForeignKey("entitlement.id", ondelete="RESTRICT"),
        primary_key=True,
    ),
    Column("value", Float(53), nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("period_start", BigInteger),
    Column("report_seq", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    # These two follow from the rest (ADR 43): the license of the instance, and the end of the
    # window that starts at `period_start`, which is null if none starts there.
    Column("license_id", Id, nullable=False, server_default=""),
    Column("window_end", BigInteger),
    # All that rating a counter needs, so that no row has to be looked at.
    Index(
        "ix_entitlement_usage_rating",
        *("entitlement_id", "license_id", "value", "window_end", "instance_id"),
    ),
    CheckConstraint(f"value {FINITE}", name="finite"),
    valid_times("updated_at", "period_start"),
)

usage_day = Table(
    "entitlement_usage_day",
    metadata,
    Column("instance_id", Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id", Id, ForeignKey("entitlement.id", ondelete="CASCADE"), primary_key=True
    ),
    # Days since 1970 in UTC.
    Column("day", Integer, primary_key=True, index=True),
    organization_id(),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    # None of these is known of days before this table was there.
    Column("highest", Float(53)),
    Column("value", Float(53)),
    Column("period_start", BigInteger),
    Index(
        "ix_entitlement_usage_day_refused",
        *("organization_id", "day", "instance_id", "entitlement_id"),
        sqlite_where=text("refused > 0"),
        postgresql_where=text("refused > 0"),
    ),
    CheckConstraint(f"value {FINITE}", name="finite"),
    CheckConstraint(f"highest {FINITE}", name="highest"),
    # The years 1 to 9999.
    CheckConstraint("day BETWEEN -719162 AND 2932896", name="numbers"),
)

# Sums over all instances that there are (ADR 45). A part may be below zero: another one has counted
# what it counts less.
counter_count = Table(
    "counter_count",
    metadata,
    organization_id(),
    Column("entitlement_id", Id, ForeignKey("entitlement.id", ondelete="CASCADE"), nullable=False),
    Column("license_id", Id, ForeignKey("license.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("counters", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "entitlement_id", "license_id", "part"),
)

report_day = Table(
    "report_day",
    metadata,
    organization_id(),
    Column("day", Integer, nullable=False),
    Column("entitlement_id", Id, ForeignKey("entitlement.id", ondelete="CASCADE"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    PrimaryKeyConstraint("organization_id", "day", "entitlement_id", "part"),
    CheckConstraint("day BETWEEN -719162 AND 2932896", name="numbers"),
)

usage_report = Table(
    "usage_report",
    metadata,
    Column("instance_id", Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id", Id, ForeignKey("entitlement.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("transaction_id", String(128), primary_key=True),
    Column("behavior", String(10), nullable=False),
    Column("value", Float(53), nullable=False),
    Column("report_seq", BigInteger, nullable=False),
    Column("reported_at", BigInteger, nullable=False, index=True),
    Column("answer", JSON, nullable=False),
    CheckConstraint(f"value {FINITE}", name="finite"),
)
