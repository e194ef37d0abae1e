"""A bare ASGI handler that does what an accepted report does, and nothing else: for comparison.

The same statements as the embedded server's, with the driver alone: no token, no check, no rule, no
group. `BARE_DATABASE` is the URL of a database that the server has filled.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import psycopg
from psycopg.rows import tuple_row

Message = MutableMapping[str, Any]
Row = tuple[Any, ...]

CONNECTIONS = 8
"""As many as the load has: PostgreSQL works for each of them at the same time."""

_GRANTED = """
SELECT i.id, i.slug, e.id, e.slug, l.id, l.slug, g.value, i.organisation_id, u.value, u.event_count,
       u.report_seq
FROM instance i
JOIN license l ON l.id = i.license_id
JOIN license_entitlement g ON g.license_id = l.id
JOIN entitlement e ON e.id = g.entitlement_id
LEFT JOIN entitlement_usage u ON u.instance_id = i.id AND u.entitlement_id = e.id
WHERE i.slug = %s AND e.slug = %s
"""
_COUNTER = """
INSERT INTO entitlement_usage
  (instance_id, entitlement_id, value, event_count, period_start, report_seq, updated_at)
VALUES (%s, %s, %s, %s, NULL, %s, %s)
ON CONFLICT (instance_id, entitlement_id) DO UPDATE SET
  value = excluded.value, event_count = excluded.event_count, report_seq = excluded.report_seq,
  updated_at = excluded.updated_at
"""
_DAY = """
INSERT INTO entitlement_usage_day AS d
  (instance_id, entitlement_id, day, organisation_id, accepted, refused, highest, value)
VALUES (%s, %s, %s, %s, 1, 0, %s, %s)
ON CONFLICT (instance_id, entitlement_id, day) DO UPDATE SET
  accepted = d.accepted + 1, highest = excluded.highest, value = excluded.value
"""
_EVENT = """
INSERT INTO event
  (id, organisation_id, instance_id, instance_slug, name, type, payload, occurred_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""


class Store(Protocol):
    """A database that takes reports."""

    async def count(self, instance: str, entitlement: str, value: float) -> bytes: ...


class OnSqlite:
    """One connection, in the event loop's own thread."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {setting}")

    async def count(self, instance: str, entitlement: str, value: float) -> bytes:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        row = run(_GRANTED.replace("%s", "?"), (instance, entitlement)).fetchone()
        statements, answer = _effects(row, value)
        for statement, parameters in statements:
            run(statement.replace("%s", "?"), parameters)
        run("COMMIT")
        return answer


class OnPostgresql:
    """A connection for each request under way; reports on one counter lock one another out."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._free: asyncio.Queue[psycopg.AsyncConnection[Row]] | None = None

    async def count(self, instance: str, entitlement: str, value: float) -> bytes:
        if self._free is None:
            self._free = asyncio.Queue()
            for _ in range(CONNECTIONS):
                made = await psycopg.AsyncConnection.connect(self._url, row_factory=tuple_row)
                self._free.put_nowait(made)
        connection = await self._free.get()
        try:
            async with connection.transaction():
                lock = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
                await connection.execute(lock, (instance + entitlement,))
                found = await connection.execute(_GRANTED, (instance, entitlement))
                statements, answer = _effects(await found.fetchone(), value)
                for statement, parameters in statements:
                    await connection.execute(statement, parameters)
        finally:
            self._free.put_nowait(connection)
        return answer


def _effects(row: Row | None, value: float) -> tuple[list[tuple[Any, Row]], bytes]:
    """What a report writes, and its answer."""
    if row is None:
        raise LookupError("nothing is granted")
    instance_id, instance, entitlement_id, entitlement, license_id, license_slug, limit = row[:7]
    organization_id, stored, event_count, report_seq = row[7:]
    now_ms = time.time_ns() // 1_000_000
    total, counted = (stored or 0) + value, (event_count or 0) + 1
    ids = (instance_id, entitlement_id)
    told = {
        "entitlement_slug": entitlement,
        "value": value,
        "behavior": "append",
        "event_count": counted,
        "status": "ACCEPTED",
    }
    event = (str(uuid.uuid4()), organization_id, instance_id, instance)
    kind = ("USAGE_REPORT_ACCEPTED", "com.kaiten.usage.v1.accepted", json.dumps(told), now_ms)
    statements: list[tuple[Any, Row]] = [
        (_COUNTER, (*ids, total, counted, (report_seq or 0) + 1, now_ms)),
        (_DAY, (*ids, now_ms // 86_400_000, organization_id, total, total)),
        (_EVENT, (*event, *kind)),
    ]
    answer = {
        "entitlementId": entitlement_id,
        "entitlementSlug": entitlement,
        "licenseId": license_id,
        "licenseSlug": license_slug,
        "value": {"type": "number", "value": total, "event_count": counted},
        "limit": json.loads(limit) if isinstance(limit, str) else limit,
    }
    return statements, json.dumps(answer).encode()


def _store(url: str) -> Store:
    is_file = url.startswith("sqlite:///")
    return OnSqlite(url.removeprefix("sqlite:///")) if is_file else OnPostgresql(url)


class App:
    """Answers every request as if it were a report."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        _, _, _, instance, _, entitlement, _ = scope["path"].split("/")
        body = json.loads((await receive())["body"])
        answer = await self._store.count(instance, entitlement, body["value"])
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def make() -> App:
    """The application, for uvicorn's `--factory`."""
    return App(_store(os.environ["BARE_DATABASE"]))
