"""Customers and their instances."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
)

from kaiten_sync.server.db.tables.base import (
    Id,
    authorship,
    folded,
    folded_start,
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

START_OF_CUSTOMER = folded_start(customer)
"""What lists are sorted by the names of customers with: an index has it, in this form."""
Index(
    "ix_customer_organisation_id_start_id",
    customer.c.organization_id,
    START_OF_CUSTOMER,
    customer.c.id,
)

instance = Table(
    "instance",
    metadata,
    *owned_id(),
    Column("customer_id", Id, ForeignKey("customer.id", ondelete="CASCADE"), nullable=False),
    Column("license_id", Id, ForeignKey("license.id", ondelete="RESTRICT"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("start_license_date", BigInteger, nullable=False),
    Column("end_license_date", BigInteger, nullable=False),
    # Plain JSON, also on PostgreSQL: it keeps its order.
    Column("metadata", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    Column("lifecycle_stage", Text),
    *authorship(),
    folded(),
    *slug_indexes(),
    # All that a customer's instances are counted by.
    Index(None, "customer_id", "license_id"),
    # All that the counters of a license's instances are found by.
    Index(None, "license_id", "id"),
    Index(None, "organization_id", "end_license_date", "id"),
    CheckConstraint("status IN ('HEALTHY', 'DEGRADED', 'INCIDENT', 'MAINTENANCE')", name="status"),
    *json_of("metadata", "object", "json"),
    valid_times("created_at", "updated_at", "start_license_date", "end_license_date"),
)

START_OF_INSTANCE = folded_start(instance)
"""The same for instances."""
Index(
    "ix_instance_organisation_id_start_id",
    instance.c.organization_id,
    START_OF_INSTANCE,
    instance.c.id,
)
