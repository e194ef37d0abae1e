"""Addresses of grants may have the longest slugs of a license and of an entitlement.

PostgreSQL refused an event with both of them, and so the change that it was about. SQLite does not
look at the length.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import String

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Widen the column."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("event", "address", type_=String(215), existing_type=String(210))


def downgrade() -> None:
    """Nothing: a wider column fits the older schema."""
