"""Deletes rows that have expired, in small steps, so that nobody waits for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import Connection

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.db import (
    Database,
    events,
    form_answers,
    identity,
    sessions,
    sums,
    usage,
    usage_days,
    webhooks,
)
from kaiten_sync.server.domain.events import USAGE_TYPES
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


def sweep(database: Database, now_ms: int, reports_kept_days: int | None = None) -> Iterator[int]:
    """Delete what has expired, of each kind after its own time: a batch with each step.

    A step is a transaction of its own, and yields how many rows it deleted: whoever writes
    meanwhile waits for one batch at most.
    """
    expiring: list[tuple[_Forget, int]] = [
        (webhooks.forget_deliveries, _DELIVERIES_KEPT_MS),
        (usage.forget_reports, REMEMBERED_MS),
        (usage_days.forget_days, _DAYS_KEPT_MS),
        (sums.forget_reports, _DAYS_KEPT_MS),
        (identity.forget_tokens, _TOKENS_KEPT_MS),
        (sessions.forget_sessions, IDLE_MS),
        (form_answers.forget_answers, LONGEST_MS),
    ]
    if reports_kept_days is not None:
        forget_reports = partial(events.forget_events, types=USAGE_TYPES)
        expiring.append((forget_reports, reports_kept_days * DAY_MS))
    for forget, kept_ms in expiring:
        deleted = _BATCH
        while deleted == _BATCH:
            with database.writing() as connection:
                deleted = forget(connection, now_ms - kept_ms, _BATCH)
            yield deleted
