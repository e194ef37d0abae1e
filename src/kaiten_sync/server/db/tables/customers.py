"""Customers and their instances."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from kaiten_sync.server.db.tables.base import Id, Json, folded, metadata, organization_id

customer = Table(
    "customer",
    metadata,
    Column("id", Id, primary_key=True),
    organization_id(),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("domain", Text),
    Column("external_customer_id", Text),
    Column("created_by", Id, ForeignKey("service_account.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_by", Id, ForeignKey("service_account.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    folded(),
    UniqueConstraint("organization_id", "slug"),
    Index(None, "organization_id", "created_at", "id"),
)

instance = Table(
    "instance",
    metadata,
    Column("id", Id, primary_key=True),
    organization_id(),
    Column(
        "customer_id",
        Id,
        ForeignKey("customer.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column(
        "license_id", Id, ForeignKey("license.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("start_license_date", BigInteger, nullable=False),
    Column("end_license_date", BigInteger, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("status", String(20), nullable=False),
    Column("lifecycle_stage", Text),
    Column("created_by", Id, ForeignKey("service_account.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_by", Id, ForeignKey("service_account.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    folded(),
    UniqueConstraint("organization_id", "slug"),
    Index(None, "organization_id", "created_at", "id"),
    CheckConstraint("status IN ('HEALTHY', 'DEGRADED', 'INCIDENT', 'MAINTENANCE')", name="status"),
)
