"""Which token created a token, and how deliveries to a webhook endpoint fare."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns. The parents of older tokens are not known."""
    op.add_column("token", Column("parent_id", String(36)))
    op.create_index("ix_token_parent_id", "token", ["parent_id"])
    for column in (
        Column("failures", Integer, nullable=False, server_default="0"),
        Column("failing_since", BigInteger),
        Column("retry_at", BigInteger, nullable=False, server_default="0"),
        Column("paused_at", BigInteger),
    ):
        op.add_column("webhook_endpoint", column)


def downgrade() -> None:
    """Drop the columns."""
    for name in ("paused_at", "retry_at", "failing_since", "failures"):
        op.drop_column("webhook_endpoint", name)
    op.drop_index("ix_token_parent_id", "token")
    op.drop_column("token", "parent_id")
