"""Sessions of people who are signed in to the dashboard.

A frozen copy of this table of `db/tables.py` as it was then.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, MetaData, String, Table

revision = "0003"
down_revision = "0002"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = String(36)

Table("token", metadata, Column("id", _Id, primary_key=True))

session = Table(
    "session",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("token_id", _Id, ForeignKey("token.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False, index=True),
)


def upgrade() -> None:
    """Create the table."""
    session.create(op.get_bind())


def downgrade() -> None:
    """Drop the table."""
    session.drop(op.get_bind())
