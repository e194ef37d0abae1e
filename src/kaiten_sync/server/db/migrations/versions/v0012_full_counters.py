"""Indexes for the overview: what is full is found by its value, and what was refused by its day.

Both were found by looking at every counter and at every day of each.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

revision = "0012"
down_revision = "0011"

_USAGE, _DAYS = "entitlement_usage", "entitlement_usage_day"
_IS_REFUSED = text("refused > 0")


def upgrade() -> None:
    """Index counters by entitlement and value, and the days on which a report was refused."""
    op.create_index(
        "ix_entitlement_usage_entitlement_id_value", _USAGE, ["entitlement_id", "value"]
    )
    op.drop_index("ix_entitlement_usage_entitlement_id", _USAGE)
    op.create_index(
        "ix_entitlement_usage_day_refused",
        _DAYS,
        ["organisation_id", "day", "instance_id", "entitlement_id"],
        sqlite_where=_IS_REFUSED,
        postgresql_where=_IS_REFUSED,
    )


def downgrade() -> None:
    """Index counters by entitlement alone."""
    op.drop_index("ix_entitlement_usage_day_refused", _DAYS)
    op.create_index("ix_entitlement_usage_entitlement_id", _USAGE, ["entitlement_id"])
    op.drop_index("ix_entitlement_usage_entitlement_id_value", _USAGE)
