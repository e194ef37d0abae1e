"""The tables. Source of keys and checks: API facts, section 8.

Times are milliseconds since 1970 in UTC: exact, and sorted the same by every database. Ids are
UUIDs as text. The migrations repeat this, frozen; a test keeps the two equal.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
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
"""Counted up by the database. SQLite does that for its own integer type only."""

_NUMBERS = "type IN ('NUMBER', 'NUMBER_AI_CREDIT')"

organisation = Table(
    "organisation",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

service_account = Table(
    "service_account",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", _Id),
    UniqueConstraint("organisation_id", "slug"),
    Index(None, "organisation_id", "created_at", "id"),
)

token = Table(
    "token",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("service_account_id", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("lookup_hash", String(64), nullable=False),
    Column("scopes", _Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("created_by", _Id),
    Column("revoked_by", _Id),
    UniqueConstraint("service_account_id", "slug"),
    Index(None, "service_account_id", "created_at", "id"),
    Index(
        "uq_token_lookup_hash_live",
        "lookup_hash",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
    Index(
        "uq_token_name_live",
        "service_account_id",
        "name",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

entitlement_group = Table(
    "entitlement_group",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    UniqueConstraint("organisation_id", "slug"),
    Index(None, "organisation_id", "id"),
)

entitlement = Table(
    "entitlement",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("type", String(20), nullable=False),
    Column("meter_type", String(20)),
    Column("aggregation_method", String(10)),
    Column("reset_period", String(10)),
    Column("reset_anchor", String(20)),
    Column("warning_threshold_percent", SmallInteger, nullable=False),
    Column("user_facing", Boolean, nullable=False),
    Column("display_order", Integer, nullable=False),
    Column("icon", String(64)),
    Column("unit_singular", String(100)),
    Column("unit_plural", String(100)),
    Column("sale_unit_singular", String(100)),
    Column("sale_unit_plural", String(100)),
    Column("sale_unit_factor", Float(53)),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "slug"),
    Index(None, "organisation_id", "created_at", "id"),
    CheckConstraint("type IN ('BOOLEAN', 'NUMBER', 'CONFIG', 'NUMBER_AI_CREDIT')", name="type"),
    CheckConstraint(f"(aggregation_method IS NOT NULL) = ({_NUMBERS})", name="aggregation"),
    CheckConstraint("(reset_period IS NULL) = (reset_anchor IS NULL)", name="reset_pair"),
    CheckConstraint(
        f"reset_period IS NULL OR ({_NUMBERS} AND aggregation_method <> 'LATEST')", name="reset"
    ),
    CheckConstraint(
        f"warning_threshold_percent = 0"
        f" OR ({_NUMBERS} AND warning_threshold_percent BETWEEN 1 AND 100)",
        name="warning",
    ),
    CheckConstraint("display_order >= 0", name="display_order"),
    CheckConstraint("(unit_singular IS NULL) = (unit_plural IS NULL)", name="unit_pair"),
    CheckConstraint(f"unit_singular IS NULL OR {_NUMBERS}", name="units"),
    CheckConstraint(
        "(sale_unit_singular IS NULL) = (sale_unit_plural IS NULL)"
        " AND (sale_unit_singular IS NULL) = (sale_unit_factor IS NULL)"
        " AND (sale_unit_singular IS NULL OR unit_singular IS NOT NULL)",
        name="sale_units",
    ),
    CheckConstraint("sale_unit_factor IS NULL OR sale_unit_factor > 0", name="sale_factor"),
)

group_member = Table(
    "entitlement_group_member",
    metadata,
    Column(
        "group_id", _Id, ForeignKey("entitlement_group.id", ondelete="CASCADE"), primary_key=True
    ),
    Column(
        "entitlement_id",
        _Id,
        ForeignKey("entitlement.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

license_family = Table(
    "license_family",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("last_version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "slug"),
    Index(None, "organisation_id", "created_at", "id"),
)

license_version = Table(
    "license",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("family_id", _Id, ForeignKey("license_family.id", ondelete="CASCADE"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", String(100), nullable=False),
    Column("description", String(500), nullable=False),
    Column("type", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("version_name", String(50)),
    Column("lifecycle_state", String(10), nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("is_active", Boolean),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("organisation_id", "slug"),
    UniqueConstraint("family_id", "version"),
    Index(None, "organisation_id", "created_at", "id"),
    Index(
        "uq_license_family_default",
        "family_id",
        unique=True,
        sqlite_where=text("is_default"),
        postgresql_where=text("is_default"),
    ),
    CheckConstraint("type IN ('DEVELOPMENT', 'TRIAL', 'PAID', 'COMMUNITY')", name="type"),
    CheckConstraint("lifecycle_state IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name="state"),
    CheckConstraint("NOT is_default OR lifecycle_state = 'PUBLISHED'", name="default_published"),
)

grant = Table(
    "license_entitlement",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("license_id", _Id, ForeignKey("license.id", ondelete="RESTRICT"), nullable=False),
    Column(
        "entitlement_id",
        _Id,
        ForeignKey("entitlement.id", ondelete="RESTRICT"),
        nullable=False,
        index=True,
    ),
    Column("value", _Json, nullable=False),
    Column("overage_percent", SmallInteger),
    Column("created_by", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_by", _Id, ForeignKey("service_account.id"), nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("license_id", "entitlement_id"),
    Index(None, "license_id", "created_at", "id"),
    CheckConstraint("overage_percent BETWEEN -1 AND 32767", name="overage"),
)

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

usage_day = Table(
    "entitlement_usage_day",
    metadata,
    Column("instance_id", _Id, ForeignKey("instance.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "entitlement_id", _Id, ForeignKey("entitlement.id", ondelete="CASCADE"), primary_key=True
    ),
    # Days since 1970 in UTC.
    Column("day", Integer, primary_key=True, index=True),
    Column("organisation_id", _Id, ForeignKey("organisation.id"), nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    # None of these is known of days before this table was there.
    Column("highest", Float(53)),
    Column("value", Float(53)),
    Column("period_start", BigInteger),
    # Has all that is summed up, so that no row has to be looked at.
    Index(
        "ix_entitlement_usage_day_counts",
        *("organisation_id", "day", "entitlement_id", "accepted", "refused"),
    ),
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

session = Table(
    "session",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("token_id", _Id, ForeignKey("token.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False, index=True),
)
