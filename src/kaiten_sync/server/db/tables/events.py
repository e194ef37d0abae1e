"""Events, webhook endpoints, and the deliveries due at them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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
    text,
)

from kaiten_sync.server.db.tables.base import (
    FINITE,
    Id,
    Json,
    Seq,
    folded,
    json_of,
    metadata,
    organization_id,
    owned_id,
    timestamps,
    valid_times,
)

event = Table(
    "event",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("id", Id, nullable=False, unique=True),
    organization_id(),
    Column("instance_id", Id, ForeignKey("instance.id", ondelete="SET NULL"), index=True),
    Column("instance_slug", String(100)),
    Column("name", String(100), nullable=False),
    Column("type", String(100), nullable=False),
    # Plain JSON, also on PostgreSQL: a payload goes out as it came in.
    Column("payload", JSON, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    # What the audit shows beside the payload, which is a contract: who did it, and of a report what
    # was used before and after, or would have been. A threshold is there if it was refused. The
    # token may have been deleted.
    Column("token_id", Id),
    # The longest is a grant's: two slugs of 100 characters. SQLite looks at no length.
    Column("address", String(215).with_variant(String(210), "sqlite")),
    Column("used_before", Float(53)),
    Column("used_after", Float(53)),
    Column("threshold", Float(53)),
    Column("overage_percent", SmallInteger),
    Column("reason", Text),
    Index(None, "organization_id", "occurred_at", "id"),
    Index(None, "organization_id", "instance_id", "occurred_at", "id"),
    Index(
        "ix_event_address",
        *("organization_id", "address", "seq"),
        sqlite_where=text("address IS NOT NULL"),
        postgresql_where=text("address IS NOT NULL"),
    ),
    Index(
        "ix_event_refused",
        *("organization_id", "occurred_at", "seq"),
        sqlite_where=text("threshold IS NOT NULL"),
        postgresql_where=text("threshold IS NOT NULL"),
    ),
    valid_times("occurred_at"),
    CheckConstraint(
        " AND ".join(f"{name} {FINITE}" for name in ("used_before", "used_after", "threshold")),
        name="numbers",
    ),
    *json_of("payload", "object", "json"),
    sqlite_autoincrement=True,
)

webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    *owned_id(),
    Column("url", Text, nullable=False),
    Column("event_types", Json, nullable=False),
    Column("secret", String(100), nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", BigInteger),
    Column("retry_at", BigInteger, nullable=False, server_default="0"),
    Column("paused_at", BigInteger),
    *timestamps(),
    folded(),
    Index(None, "organization_id", "created_at", "id"),
    *json_of("event_types", "array", "jsonb"),
    valid_times("created_at", "updated_at", "failing_since", "paused_at", "retry_at"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    *owned_id(),
    Column(
        "endpoint_id", Id, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False
    ),
    Column(
        "event_seq",
        Seq,
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
    Index(None, "organization_id", "created_at", "id"),
    CheckConstraint("status IN ('pending', 'success', 'fail')", name="status"),
    CheckConstraint("(due_at IS NULL) = (status <> 'pending')", name="due"),
    valid_times("created_at", "due_at", "attempted_at"),
    CheckConstraint("attempts BETWEEN 0 AND 32767", name="numbers"),
)

webhook_attempt = Table(
    "webhook_attempt",
    metadata,
    Column("id", Seq, primary_key=True, autoincrement=True),
    Column(
        "delivery_id", Id, ForeignKey("webhook_delivery.id", ondelete="CASCADE"), nullable=False
    ),
    Column("attempted_at", BigInteger, nullable=False),
    # That of the endpoint at the time.
    Column("url", Text, nullable=False),
    # Plain JSON, so that they keep their order. The body is not here: the event's payload is in it.
    Column("headers", JSON, nullable=False),
    Column("response_status", SmallInteger),
    Column("response_text", Text, nullable=False),
    Column("response_body", Text, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Index(None, "delivery_id", "id"),
    valid_times("attempted_at"),
    *json_of("headers", "object", "json"),
)
