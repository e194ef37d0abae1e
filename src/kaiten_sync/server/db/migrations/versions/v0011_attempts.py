"""When a token was last used, and each attempt of a delivery: what was sent, what was answered.

Of older tokens and deliveries neither is known.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

from kaiten_sync.server.db.migrations.rebuilding import add_checks, drop_checks

revision = "0011"
down_revision = "0010"

_TIMES = "BETWEEN -62135596800000 AND 253402300799999"
_CHECKS = {"ck_token_last_used": f"last_used_at {_TIMES}"}

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Table("webhook_delivery", metadata, Column("id", String(36), primary_key=True))

attempt = Table(
    "webhook_attempt",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    ),
    Column(
        "delivery_id",
        String(36),
        ForeignKey("webhook_delivery.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("attempted_at", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("response_status", SmallInteger),
    Column("response_text", Text, nullable=False),
    Column("response_body", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Index(None, "delivery_id", "id"),
    CheckConstraint(f"attempted_at {_TIMES}", name="times"),
    CheckConstraint(
        "CASE WHEN json_valid(headers) THEN json_type(headers) = 'object' ELSE false END",
        name="json",
    ).ddl_if(dialect="sqlite"),
    CheckConstraint("json_typeof(headers) = 'object'", name="json").ddl_if(dialect="postgresql"),
)


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("token", Column("last_used_at", BigInteger))
    add_checks(op.get_bind(), "token", _CHECKS)
    attempt.create(op.get_bind())


def downgrade() -> None:
    """Drop both."""
    attempt.drop(op.get_bind())
    drop_checks(op.get_bind(), "token", _CHECKS)
    op.drop_column("token", "last_used_at")
