"""Use cases of sessions: sign in to the dashboard with a token, go on, sign out.

A session is not a second identity: it belongs to the token that opened it, may do what the token
may, and ends with it. Only a hash of its id is stored, as of tokens.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection

from kaiten_sync.server.db import identity, sessions
from kaiten_sync.server.db.sessions import SessionRow
from kaiten_sync.server.domain.tokens import lookup_hash
from kaiten_sync.server.service.tenancy import invalid_token
from kaiten_sync.server.service.work import Caller

IDLE_MS = 30 * 60_000
"""After which a session that nobody uses is over: a browser may be left open where others sit."""

LONGEST_MS = 12 * 3_600_000
"""After which a session is over however much it is used: a working day."""

_TOUCH_EVERY_MS = 60_000
"""How exact the time of the last use is. A write for every page would hold up who writes."""

_RANDOM_BYTES = 32
"""Of a session's id: as of a token, nobody can guess it at any pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that may go on, and whether its use is worth writing down."""

    caller: Caller
    is_due: bool


def check_token(connection: Connection, token: str, now_ms: int) -> str:
    """The id of a token that opens something.

    Raises:
        RefusalError: it opens nothing.
    """
    bearer = identity.find_bearer(connection, lookup_hash(token), now_ms)
    if bearer is None:
        raise invalid_token()
    return bearer.token_id


def sign_in(connection: Connection, token: str, now_ms: int) -> str:
    """Open a session with a token. Returns its id, which is stored nowhere.

    Raises:
        RefusalError: the token opens nothing.
    """
    token_id = check_token(connection, token, now_ms)
    session_id = secrets.token_urlsafe(_RANDOM_BYTES)
    row = SessionRow(
        # Whoever reads the database, or a copy of it, can sign in with nothing that is there.
        id_hash=lookup_hash(session_id),
        token_id=token_id,
        created_at=now_ms,
        seen_at=now_ms,
    )
    sessions.add_session(connection, row)
    return session_id


def resume(connection: Connection, session_id: str, now_ms: int) -> OpenSession | None:
    """Who is signed in; None if the session never existed or is over."""
    row = sessions.find_session(
        connection,
        lookup_hash(session_id),
        now_ms=now_ms,
        idle_since=now_ms - IDLE_MS,
        open_since=now_ms - LONGEST_MS,
    )
    if row is None:
        return None
    caller = Caller(
        account_id=row.id,
        account_name=row.name,
        organization_id=row.organization_id,
        # Of the token as it is now. A session lasts for hours, and a token can be revoked
        # meanwhile.
        scopes=frozenset(row.scopes),
        token_id=row.token_id,
        expires_at=row.expires_at,
    )
    # Also if it was seen in the future: the clock was set back, and idleness counts from now.
    return OpenSession(caller=caller, is_due=abs(now_ms - row.seen_at) >= _TOUCH_EVERY_MS)


def touch(connection: Connection, session_id: str, now_ms: int) -> None:
    """Write down that a session is used."""
    sessions.touch_session(connection, lookup_hash(session_id), now_ms)


def sign_out(connection: Connection, session_id: str) -> None:
    """End a session."""
    sessions.remove_session(connection, lookup_hash(session_id))
