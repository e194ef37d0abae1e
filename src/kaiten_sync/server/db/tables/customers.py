"""Customers and their instances."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    String,
    Table,
    Text,
)

from kaiten_sync.server.db.tables.base import (
    Id,
    Json,
    authorship,
    folded,
    id_and_slug,
    json_of,
    metadata,
    owned_id,
    slug_indexes,
    valid_times,
)

customer = Table(
    "customer",
    metadata,
    *id_and_slug(),
    Column("name", Text, nullable=False),
    Column("domain", Text),
    Column("external_customer_id", Text),
    *authorship(),
    folded(),
    *slug_indexes(),
    valid_times("created_at", "updated_at"),
)

instance = Table(
    "instance",
    metadata,
    *owned_id(),
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
    *authorship(),
    folded(),
    *slug_indexes(),
    CheckConstraint("status IN ('HEALTHY', 'DEGRADED', 'INCIDENT', 'MAINTENANCE')", name="status"),
    *json_of("metadata", "object", "jsonb"),
    valid_times("created_at", "updated_at", "start_license_date", "end_license_date"),
)
