"""Sessions of people who are signed in to the dashboard, each opened with a token."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, or_, select, update

from kaiten_sync.server.db.tables import service_account, session, token

_OPEN: Select[Any] = (
    select(
        session.c.seen_at,
        token.c.scopes,
        service_account.c.id,
        service_account.c.name,
        service_account.c.organisation_id,
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


def add_session(connection: Connection, **values: object) -> None:
    """Store a session, which is to say the hash of its id."""
    connection.execute(insert(session).values(**values))


def find_session(
    connection: Connection, id_hash: str, *, now_ms: int, idle_since: int, open_since: int
) -> Row[Any] | None:
    """The account and the scopes of a session that is used and opened later than these times.

    Times are milliseconds since 1970. None also where its token no longer opens anything.
    """
    parameters = {
        "id_hash": id_hash,
        "now": now_ms,
        "idle_since": idle_since,
        "open_since": open_since,
    }
    return connection.execute(_OPEN, parameters).first()


def touch_session(connection: Connection, id_hash: str, seen_at: int) -> None:
    """Write down that a session was used; nothing happens where it is gone."""
    connection.execute(update(session).where(session.c.id_hash == id_hash).values(seen_at=seen_at))


def remove_session(connection: Connection, id_hash: str) -> None:
    """End a session; nothing happens where it is gone."""
    connection.execute(delete(session).where(session.c.id_hash == id_hash))


def forget_sessions(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete sessions that were last used before then. Gives how many."""
    old = select(session.c.id_hash).where(session.c.seen_at < before_ms).limit(limit)
    return connection.execute(delete(session).where(session.c.id_hash.in_(old))).rowcount
