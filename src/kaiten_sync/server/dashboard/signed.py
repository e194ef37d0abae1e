"""Who is signed in: the session of a request, and whose token opened it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from kaiten_sync.server.dashboard.guard import session_id_of
from kaiten_sync.server.service import sessions
from kaiten_sync.server.service.work import Caller
from kaiten_sync.server.web.transactions import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who is signed in, and with which session."""

    session_id: str
    caller: Caller


def signed_in(surroundings: Surroundings, request: Request) -> Signed | None:
    """Who sends a request; None for nobody who is signed in."""
    session_id = session_id_of(request)
    return None if session_id is None else signed_with(surroundings, session_id)


def signed_with(surroundings: Surroundings, session_id: str) -> Signed | None:
    """Who has this session, if it is not over; that they are still there is noted now and then."""
    now_ms = surroundings.clock()
    with surroundings.database.reading() as connection:
        found = sessions.resume(connection, session_id, now_ms)
    if found is None:
        return None
    if found.is_due:
        with surroundings.database.writing() as connection:
            sessions.touch(connection, session_id, now_ms)
    surroundings.note_use(found.caller.token_id, now_ms)
    return Signed(session_id=session_id, caller=found.caller)
