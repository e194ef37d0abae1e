"""Deletes rows that have expired, in small steps, so that nobody waits for long."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.db import (
    Database,
    form_answers,
    identity,
    sessions,
    usage,
    usage_days,
    webhooks,
)
from kaiten_sync.server.service.sessions import IDLE_MS, LONGEST_MS
from kaiten_sync.server.service.usage_reports import REMEMBERED_MS

SWEEP_EVERY_S = 12 * 3600
"""Half a day late is early enough for rows that are kept for days. Source: API facts, section 8."""

_BATCH = 1000
"""Rows deleted in one transaction. Source: API facts, section 8."""

_DELIVERIES_KEPT_MS = 7 * DAY_MS
_TOKENS_KEPT_MS = 90 * DAY_MS
"""Delivered events and retired tokens: long enough to look into what went wrong. Source: API facts,
section 8."""

_DAYS_KEPT_MS = 400 * DAY_MS
"""What was used on a day: a year and a month, so that the same month of last year is there."""

_Forget = Callable[[Connection, int, int], int]


def sweep(database: Database, now_ms: int) -> None:
    """Delete what has expired, of each kind after its own time."""
    for forget, kept_ms in (
        (webhooks.forget_deliveries, _DELIVERIES_KEPT_MS),
        (usage.forget_reports, REMEMBERED_MS),
        (usage_days.forget_days, _DAYS_KEPT_MS),
        (identity.forget_tokens, _TOKENS_KEPT_MS),
        (sessions.forget_sessions, IDLE_MS),
        (form_answers.forget_answers, LONGEST_MS),
    ):
        deleted = _BATCH
        while deleted == _BATCH:
            # A transaction for each batch: whoever writes meanwhile waits for one batch at most.
            with database.writing() as connection:
                deleted = forget(connection, now_ms - kept_ms, _BATCH)
