"""Turns: what transactions do one after another, although no row that they share says so."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import Connection, func, select


def take_turn(connection: Connection, *names: str) -> None:
    """Wait until no other transaction has this turn; keep it until this one ends.

    For what is read, decided and written as one, where there is no row to lock yet: a free slug is
    looked for and then taken. On SQLite this does nothing, because a transaction that writes holds
    the only write lock from its beginning.

    Raises:
        OperationalError: the turn did not come in time; `is_busy` says so of it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_key(names))))


def _key(names: tuple[str, ...]) -> int:
    """A signed number of 64 bits, as PostgreSQL wants it. JSON keeps ("a", "bc") from ("ab", "c").

    Two names that share a number would only wait for each other.
    """
    digest = hashlib.sha256(json.dumps(names).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
