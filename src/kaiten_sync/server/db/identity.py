"""Organizations, service accounts and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, Select, bindparam, delete, or_, select, update

from kaiten_sync.server.db.rows import RowQuery, TableRow, insert_row
from kaiten_sync.server.db.tables import organization, service_account, token


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRow:
    """An organization."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A service account. The first one of an organization was created by nobody."""

    id: str
    organization_id: str
    slug: str
    name: str
    created_at: int
    created_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token, which is to say its hash."""

    id: str
    service_account_id: str
    slug: str
    name: str
    lookup_hash: str
    scopes: list[str]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None
    created_by: str | None = None
    revoked_by: str | None = None
    parent_id: str | None = None
    last_used_at: int | None = None


class BearerRow(TableRow, frozen=True):
    """The account that a valid token belongs to, with the token's scopes."""

    token_id: str
    scopes: list[str]
    expires_at: int | None
    id: str
    name: str
    organization_id: str


_LIVE_TOKEN: Select[Any] = (
    select(
        token.c.id.label("token_id"),
        token.c.scopes,
        token.c.expires_at,
        service_account.c.id,
        service_account.c.name,
        service_account.c.organization_id,
    )
    .join(service_account, service_account.c.id == token.c.service_account_id)
    .where(
        token.c.lookup_hash == bindparam("lookup_hash"),
        token.c.revoked_at.is_(None),
        or_(token.c.expires_at.is_(None), token.c.expires_at > bindparam("now")),
    )
)
_BEARER = RowQuery(BearerRow, _LIVE_TOKEN)
_OF_HASH = RowQuery(
    TokenRow,
    select(token)
    .where(token.c.lookup_hash == bindparam("lookup_hash"))
    .order_by(token.c.revoked_at.is_not(None), token.c.id),
)
_FIRST_ACCOUNT = RowQuery(
    AccountRow,
    select(service_account).order_by(service_account.c.created_at, service_account.c.id).limit(1),
)


def find_bearer(connection: Connection, lookup_hash: str, now_ms: int) -> BearerRow | None:
    """The account that a valid token belongs to, with the token's scopes."""
    return _BEARER.first(connection, lookup_hash=lookup_hash, now=now_ms)


def find_token(connection: Connection, lookup_hash: str) -> TokenRow | None:
    """A token by its hash, a live one before a revoked one."""
    return _OF_HASH.first(connection, lookup_hash=lookup_hash)


def first_account(connection: Connection) -> AccountRow | None:
    """The service account that was created first."""
    return _FIRST_ACCOUNT.first(connection)


def add_organization(connection: Connection, row: OrganizationRow) -> None:
    """Store an organization."""
    insert_row(connection, organization, row)


def add_account(connection: Connection, row: AccountRow) -> None:
    """Store a service account."""
    insert_row(connection, service_account, row)


def add_token(connection: Connection, row: TokenRow) -> None:
    """Store a token."""
    insert_row(connection, token, row)


def note_uses(connection: Connection, used: Mapping[str, int], inexact_ms: int) -> None:
    """Store when tokens were last used, by their ids.

    What is stored and later stays: another process was faster. What is later by `inexact_ms` or
    more was stored before the clock was set back, and is replaced.
    """
    stored, now = token.c.last_used_at, bindparam("used", type_=BigInteger)
    statement = (
        update(token)
        .where(token.c.id == bindparam("token"))
        .where(or_(stored.is_(None), stored < now, stored >= now + inexact_ms))
        .values(last_used_at=now)
    )
    # In one order, so that two processes never wait for each other.
    rows = [{"token": token_id, "used": used[token_id]} for token_id in sorted(used)]
    connection.execute(statement, rows)


def forget_tokens(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete tokens that were revoked or expired before then. Returns how many.

    A token that the operator chose stays: as long as it is known to be revoked, it cannot return.
    """
    old = (
        select(token.c.id)
        .where(or_(token.c.revoked_at < before_ms, token.c.expires_at < before_ms))
        .where(token.c.created_by.is_not(None))
        .limit(limit)
    )
    return connection.execute(delete(token).where(token.c.id.in_(old))).rowcount
