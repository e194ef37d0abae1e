"""Turns: transactions that wait for one another without sharing a row that one could lock."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from sqlalchemy import Connection, func, select

_REMEMBERED_KEYS = 10_000
"""Numbers that are kept rather than worked out for each report; a few megabytes."""


def take_turn(connection: Connection, *names: str) -> None:
    """Wait until no other transaction has this turn; keep it until this one ends.

    Use it if a row is looked for, decided on and then written, and does not exist yet: a free slug
    for example. On SQLite this does nothing, because a transaction that writes has the only write
    lock from its beginning.

    Raises:
        OperationalError: the turn did not come in time, which `why_unavailable` recognizes.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(turn_key(names))))


@lru_cache(maxsize=_REMEMBERED_KEYS)
def turn_key(names: tuple[str, ...]) -> int:
    """The number of a turn: 64 bits with a sign, as PostgreSQL wants it.

    JSON keeps ("a", "bc") from ("ab", "c"). Two turns with one number would only wait for each
    other.
    """
    digest = hashlib.sha256(json.dumps(names).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
