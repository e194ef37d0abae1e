"""Organisations, service accounts and tokens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, or_, select

from kaiten_sync.server.db.tables import organisation, service_account, token

_LIVE_TOKEN: Select[Any] = (
    select(
        token.c.id.label("token_id"),
        token.c.scopes,
        service_account.c.id,
        service_account.c.name,
        service_account.c.organisation_id,
    )
    .join(service_account, service_account.c.id == token.c.service_account_id)
    .where(
        token.c.lookup_hash == bindparam("lookup_hash"),
        token.c.revoked_at.is_(None),
        or_(token.c.expires_at.is_(None), token.c.expires_at > bindparam("now")),
    )
)


def find_bearer(connection: Connection, lookup_hash: str, now_ms: int) -> Row[Any] | None:
    """The account that a valid token belongs to, with the token's scopes."""
    return connection.execute(_LIVE_TOKEN, {"lookup_hash": lookup_hash, "now": now_ms}).first()


def find_token(connection: Connection, lookup_hash: str) -> Row[Any] | None:
    """A token by its hash, a live one before a revoked one."""
    statement = (
        select(token)
        .where(token.c.lookup_hash == lookup_hash)
        .order_by(token.c.revoked_at.is_not(None), token.c.id)
    )
    return connection.execute(statement).first()


def first_account(connection: Connection) -> Row[Any] | None:
    """The service account that was made first."""
    statement = select(service_account).order_by(service_account.c.created_at, service_account.c.id)
    return connection.execute(statement.limit(1)).first()


def add_organisation(connection: Connection, **values: object) -> None:
    """Store an organisation."""
    connection.execute(insert(organisation).values(**values))


def add_account(connection: Connection, **values: object) -> None:
    """Store a service account."""
    connection.execute(insert(service_account).values(**values))


def add_token(connection: Connection, **values: object) -> None:
    """Store a token, which is to say its hash."""
    connection.execute(insert(token).values(**values))


def forget_tokens(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete tokens that were revoked or ran out before then. Gives how many.

    One that the operator chose stays: as long as it is known to be revoked, it cannot come back.
    """
    old = (
        select(token.c.id)
        .where(or_(token.c.revoked_at < before_ms, token.c.expires_at < before_ms))
        .where(token.c.created_by.is_not(None))
        .limit(limit)
    )
    return connection.execute(delete(token).where(token.c.id.in_(old))).rowcount
