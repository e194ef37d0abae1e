"""Sessions of people who are signed in to the dashboard, each opened with a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, or_, select, update

from kaiten_sync.server.db.rows import RowQuery, insert_row
from kaiten_sync.server.db.tables import service_account, session, token


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session, which is to say the hash of its id."""

    id_hash: str
    token_id: str
    created_at: int
    seen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOwner:
    """The account and the scopes of an open session, and when it was last used."""

    seen_at: int
    token_id: str
    scopes: list[str]
    expires_at: int | None
    id: str
    name: str
    organization_id: str


_OPEN_SESSION: Select[Any] = (
    select(
        session.c.seen_at,
        session.c.token_id,
        token.c.scopes,
        token.c.expires_at,
        service_account.c.id,
        service_account.c.name,
        service_account.c.organization_id,
    )
    .join(token, token.c.id == session.c.token_id)
    .join(service_account, service_account.c.id == token.c.service_account_id)
    .where(
        session.c.id_hash == bindparam("id_hash"),
        session.c.seen_at > bindparam("idle_since"),
        session.c.created_at > bindparam("open_since"),
        token.c.revoked_at.is_(None),
        or_(token.c.expires_at.is_(None), token.c.expires_at > bindparam("now")),
    )
)
_OPEN = RowQuery(SessionOwner, _OPEN_SESSION)


def add_session(connection: Connection, row: SessionRow) -> None:
    """Store a session."""
    insert_row(connection, session, row)


def find_session(
    connection: Connection, id_hash: str, *, now_ms: int, idle_since: int, open_since: int
) -> SessionOwner | None:
    """The owner of a session that was used and opened later than these times.

    Times are milliseconds since 1970. None also if its token no longer opens anything.
    """
    return _OPEN.first(
        connection, id_hash=id_hash, now=now_ms, idle_since=idle_since, open_since=open_since
    )


def touch_session(connection: Connection, id_hash: str, seen_at: int) -> None:
    """Record that a session was used; nothing happens if it is gone."""
    connection.execute(update(session).where(session.c.id_hash == id_hash).values(seen_at=seen_at))


def remove_session(connection: Connection, id_hash: str) -> None:
    """End a session; nothing happens if it is gone."""
    connection.execute(delete(session).where(session.c.id_hash == id_hash))


def forget_sessions(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete sessions that were last used before then. Returns how many."""
    old = select(session.c.id_hash).where(session.c.seen_at < before_ms).limit(limit)
    return connection.execute(delete(session).where(session.c.id_hash.in_(old))).rowcount
