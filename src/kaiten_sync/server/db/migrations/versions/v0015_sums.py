"""How many reports there were by day, and how many counters there are by entitlement and license.

Each page worked them out of all days of counters, and of all counters. And an index that has all
that a customer's instances are counted by.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
)

revision = "0015"
down_revision = "0014"

_DAYS = "entitlement_usage_day"
_COUNTS = ["organisation_id", "day", "entitlement_id", "accepted", "refused"]


def upgrade() -> None:
    """Add both tables, fill them, and change indexes."""
    op.create_table(
        "counter_count",
        _id("organisation"),
        _id("entitlement", ondelete="CASCADE"),
        _id("license", ondelete="CASCADE"),
        Column("part", Integer, nullable=False),
        Column("counters", BigInteger, nullable=False),
        PrimaryKeyConstraint("organisation_id", "entitlement_id", "license_id", "part"),
    )
    op.execute(
        "INSERT INTO counter_count (organisation_id, entitlement_id, license_id, part, counters)"
        " SELECT e.organisation_id, u.entitlement_id, u.license_id, 0, COUNT(*)"
        " FROM entitlement_usage u JOIN entitlement e ON e.id = u.entitlement_id"
        " GROUP BY e.organisation_id, u.entitlement_id, u.license_id"
    )
    op.create_table(
        "report_day",
        _id("organisation"),
        Column("day", Integer, nullable=False),
        _id("entitlement", ondelete="CASCADE"),
        Column("part", Integer, nullable=False),
        Column("accepted", BigInteger, nullable=False),
        Column("refused", BigInteger, nullable=False),
        PrimaryKeyConstraint("organisation_id", "day", "entitlement_id", "part"),
        CheckConstraint("day BETWEEN -719162 AND 2932896", name="numbers"),
    )
    op.execute(
        "INSERT INTO report_day (organisation_id, day, entitlement_id, part, accepted, refused)"
        " SELECT organisation_id, day, entitlement_id, 0, SUM(accepted), SUM(refused)"
        " FROM entitlement_usage_day GROUP BY organisation_id, day, entitlement_id"
    )
    op.drop_index("ix_entitlement_usage_day_counts", _DAYS)
    op.create_index("ix_instance_customer_id_license_id", "instance", ["customer_id", "license_id"])
    op.drop_index("ix_instance_customer_id", "instance")


def downgrade() -> None:
    """Index the days of counters again, and drop both tables."""
    op.create_index("ix_instance_customer_id", "instance", ["customer_id"])
    op.drop_index("ix_instance_customer_id_license_id", "instance")
    op.create_index("ix_entitlement_usage_day_counts", _DAYS, _COUNTS)
    op.drop_table("report_day")
    op.drop_table("counter_count")


def _id(table: str, ondelete: str | None = None) -> Column[str]:
    key = ForeignKey(f"{table}.id", ondelete=ondelete)
    return Column(f"{table}_id", String(36), key, nullable=False)
