"""Everything around the catalog: customers, instances, usage, events, webhooks.

A frozen copy of these tables of `db/tables.py` as they were then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = String(36)
_Json = JSON().with_variant(JSONB(), "postgresql")
_Seq = BigInteger().with_variant(Integer(), "sqlite")

for _present in ("organisation", "service_account", "entitlement", "license"):
    Table(_present, metadata, Column("id", _Id, primary_key=True))

customer = Table(
    "customer",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("domain", Text),
    Column("external_customer_id", Text),
    Column("created_by", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_by", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "slug"),
    Index(None, "organisation_id", "created_at", "id"),
)

instance = Table(
    "instance",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column(
        "customer_id",
        _Id,
        ForeignKey("customer.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column(
        "license_id", _Id, ForeignKey("license.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("start_license_date", BigInteger, nullable=False),
    Column("end_license_date", BigInteger, nullable=False),
    Column("metadata", _Json, nullable=False),
    Column("status", String(20), nullable=False),
    Column("lifecycle_stage", Text),
    Column("created_by", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_by", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "slug"),
    Index(None, "organisation_id", "created_at", "id"),
    CheckConstraint("status IN ('HEALTHY', 'DEGRADED', 'INCIDENT', 'MAINTENANCE')", name="status"),
)

usage = Table(
    "entitlement_usage",
    metadata,
    Column("instance_id", _Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id",
        _Id,
        ForeignKey("entitlement.id", ondelete="RESTRICT"),
        primary_key=True,
        index=True,
    ),
    Column("value", Float(53), nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("period_start", BigInteger),
    Column("report_seq", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

usage_report = Table(
    "usage_report",
    metadata,
    Column("instance_id", _Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id", _Id, ForeignKey("entitlement.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("transaction_id", String(128), primary_key=True),
    Column("behavior", String(10), nullable=False),
    Column("value", Float(53), nullable=False),
    Column("report_seq", BigInteger, nullable=False),
    Column("reported_at", BigInteger, nullable=False, index=True),
    Column("answer", JSON, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", _Seq, primary_key=True, autoincrement=True),
    Column("id", _Id, nullable=False, unique=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("instance_id", _Id, ForeignKey("instance.id", ondelete="SET NULL"), index=True),
    Column("instance_slug", String(100)),
    Column("name", String(100), nullable=False),
    Column("type", String(100), nullable=False),
    # Plain JSON, also on PostgreSQL: a payload goes out as it came in.
    Column("payload", JSON, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Index(None, "organisation_id", "occurred_at", "id"),
    Index(None, "organisation_id", "instance_id", "occurred_at", "id"),
    sqlite_autoincrement=True,
)

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("url", Text, nullable=False),
    Column("event_types", _Json, nullable=False),
    Column("secret", String(100), nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(None, "organisation_id", "created_at", "id"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column(
        "endpoint_id", _Id, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False
    ),
    Column(
        "event_seq",
        _Seq,
        ForeignKey("event.seq", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("status", String(10), nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("attempted_at", BigInteger),
    Column("response_status", SmallInteger),
    Column("response_text", Text),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "endpoint_id", "due_at", "event_seq"),
    Index(
        "ix_webhook_delivery_due",
        "due_at",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    Index(None, "organisation_id", "created_at", "id"),
    CheckConstraint("status IN ('pending', 'success', 'fail')", name="status"),
    CheckConstraint("(due_at IS NULL) = (status <> 'pending')", name="due"),
)

_NEW = (
    customer,
    instance,
    usage,
    usage_report,
    event,
    webhook_endpoint,
    webhook_delivery,
)


def upgrade() -> None:
    """Create the tables, and say of accounts and tokens who made and revoked them."""
    op.add_column("service_account", sa.Column("created_by", _Id))
    op.add_column("token", sa.Column("created_by", _Id))
    op.add_column("token", sa.Column("revoked_by", _Id))
    op.create_index(
        "ix_service_account_organisation_id_created_at_id",
        "service_account",
        ["organisation_id", "created_at", "id"],
    )
    op.create_index(
        "ix_token_service_account_id_created_at_id",
        "token",
        ["service_account_id", "created_at", "id"],
    )
    metadata.create_all(op.get_bind(), tables=_NEW, checkfirst=False)


def downgrade() -> None:
    """Drop the tables and the columns."""
    metadata.drop_all(op.get_bind(), tables=_NEW, checkfirst=False)
    op.drop_index("ix_token_service_account_id_created_at_id", "token")
    op.drop_index("ix_service_account_organisation_id_created_at_id", "service_account")
    op.drop_column("token", "revoked_by")
    op.drop_column("token", "created_by")
    op.drop_column("service_account", "created_by")
