"""Organizations, service accounts, their tokens and sessions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kaiten_sync.server.db.tables.base import (
    Id,
    Json,
    folded,
    id_and_slug,
    json_of,
    metadata,
    slug_indexes,
    valid_times,
)

organization = Table(
    "organisation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

service_account = Table(
    "service_account",
    metadata,
    *id_and_slug(),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Id),
    folded(),
    *slug_indexes(),
    valid_times("created_at"),
)

token = Table(
    "token",
    metadata,
    Column("id", Id, primary_key=True),
    Column("service_account_id", Id, ForeignKey("service_account.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("name", Text, nullable=False),
    Column("lookup_hash", String(64), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("created_by", Id),
    Column("revoked_by", Id),
    # The token that created it. Like those who created and revoked it, it may have been deleted.
    Column("parent_id", Id, index=True),
    Column("last_used_at", BigInteger),
    folded(),
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
    valid_times("created_at", "expires_at", "revoked_at"),
    valid_times("last_used_at", name="last_used"),
    *json_of("scopes", "array", "jsonb"),
)

session = Table(
    "session",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("token_id", Id, ForeignKey("token.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False, index=True),
)

form_answer = Table(
    "form_answer",
    metadata,
    # Of the session, the page and all that was sent, so that what differs at all is another form.
    Column("form_hash", String(64), primary_key=True),
    Column("sent_at", BigInteger, nullable=False, index=True),
    # None if the answer can be shown only once.
    Column("location", Text),
)
