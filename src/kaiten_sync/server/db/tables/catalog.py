"""The catalog: groups, entitlements, license versions in their families, and grants."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kaiten_sync.server.db.tables.base import (
    FINITE,
    Id,
    authorship,
    folded,
    id_and_slug,
    metadata,
    owned_id,
    slug_indexes,
    timestamps,
    valid_times,
)

_NUMBERS = "type IN ('NUMBER', 'NUMBER_AI_CREDIT')"

entitlement_group = Table(
    "entitlement_group",
    metadata,
    *id_and_slug(),
    Column("name", Text, nullable=False),
    Column("description", Text),
    folded(),
    UniqueConstraint("organization_id", "slug"),
    Index(None, "organization_id", "id"),
)

entitlement = Table(
    "entitlement",
    metadata,
    *id_and_slug(),
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
    *timestamps(),
    folded(),
    *slug_indexes(),
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
    CheckConstraint(f"sale_unit_factor {FINITE}", name="sale_factor_finite"),
    valid_times("created_at", "updated_at"),
)

group_member = Table(
    "entitlement_group_member",
    metadata,
    Column(
        "group_id", Id, ForeignKey("entitlement_group.id", ondelete="CASCADE"), primary_key=True
    ),
    Column(
        "entitlement_id",
        Id,
        ForeignKey("entitlement.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)

license_family = Table(
    "license_family",
    metadata,
    *id_and_slug(),
    Column("last_version", Integer, nullable=False),
    *timestamps(),
    *slug_indexes(),
    valid_times("created_at", "updated_at"),
)

license_version = Table(
    "license",
    metadata,
    *owned_id(),
    Column("family_id", Id, ForeignKey("license_family.id", ondelete="CASCADE"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", String(100), nullable=False),
    Column("description", String(500), nullable=False),
    Column("type", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("version_name", String(50)),
    Column("lifecycle_state", String(10), nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("is_active", Boolean),
    *timestamps(),
    folded(),
    UniqueConstraint("organization_id", "slug"),
    UniqueConstraint("family_id", "version"),
    Index(None, "organization_id", "created_at", "id"),
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
    valid_times("created_at", "updated_at"),
)

grant = Table(
    "license_entitlement",
    metadata,
    Column("id", Id, primary_key=True),
    Column("license_id", Id, ForeignKey("license.id", ondelete="RESTRICT"), nullable=False),
    Column(
        "entitlement_id",
        Id,
        ForeignKey("entitlement.id", ondelete="RESTRICT"),
        nullable=False,
        index=True,
    ),
    # Plain JSON, also on PostgreSQL: it keeps the order of keys and the spelling of numbers.
    Column("value", JSON, nullable=False),
    Column("overage_percent", SmallInteger),
    *authorship(),
    UniqueConstraint("license_id", "entitlement_id"),
    Index(None, "license_id", "created_at", "id"),
    CheckConstraint("overage_percent BETWEEN -1 AND 32767", name="overage"),
    CheckConstraint(
        # Its JSON functions read NaN and Infinity as no JSON.
        "json_valid(value) AND (json_extract(value, '$.type') <> 'number'"
        f" OR json_extract(value, '$.value') {FINITE})",
        name="finite",
    ).ddl_if(dialect="sqlite"),
    CheckConstraint(
        "CASE WHEN value ->> 'type' = 'number'"
        f" THEN (value ->> 'value')::numeric {FINITE} ELSE true END",
        name="finite",
    ).ddl_if(dialect="postgresql"),
    valid_times("created_at", "updated_at"),
    CheckConstraint(
        "CASE json_extract(value, '$.type')"
        " WHEN 'number' THEN ifnull(json_type(value, '$.value'), '') IN ('integer', 'real')"
        " WHEN 'boolean' THEN ifnull(json_type(value, '$.value'), '') IN ('true', 'false')"
        " WHEN 'object' THEN ifnull(json_type(value, '$.value'), '') = 'object'"
        " ELSE false END",
        name="value",
    ).ddl_if(dialect="sqlite"),
    CheckConstraint(
        "CASE value ->> 'type'"
        " WHEN 'number' THEN coalesce(json_typeof(value -> 'value'), '') = 'number'"
        " WHEN 'boolean' THEN coalesce(json_typeof(value -> 'value'), '') = 'boolean'"
        " WHEN 'object' THEN coalesce(json_typeof(value -> 'value'), '') = 'object'"
        " ELSE false END",
        name="value",
    ).ddl_if(dialect="postgresql"),
)
