"""Use cases of saturation: what is full, over all instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kaiten_sync.licensing import DAY_MS, Window
from kaiten_sync.server.db import saturation as db
from kaiten_sync.server.db import usage as usage_db
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.saturation import CounterFilter
from kaiten_sync.server.db.usage import CountedUsage
from kaiten_sync.server.domain.saturation import Band, Saturation, saturation
from kaiten_sync.server.service.instances import get_instance
from kaiten_sync.server.service.usage import reading_of
from kaiten_sync.server.service.work import Work

RECENT_DAYS = 7
"""Days in which a refusal is recent; today is one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What an instance has used of one entitlement, in the window that is open now.

    `value` is None for what cannot be metered; `window` is None if usage never starts again.
    `refused` counts the reports that were refused in the last days.
    """

    row: CountedUsage
    value: float | None
    window: Window | None
    saturation: Saturation | None
    refused: int = 0

    @property
    def threshold(self) -> Any:
        """What is granted."""
        return self.row.limit["value"]

    @property
    def ratio(self) -> float | None:
        """Usage divided by the threshold; None if there is none to divide by."""
        return self.saturation.ratio if self.saturation else None


def list_meters(
    work: Work, entitlement_id: str, position: Position | None, limit: int, sort: str = ""
) -> RowPage[Meter]:
    """A page of the instances that may use an entitlement, fullest first or sorted."""
    page = db.usage_of_entitlement(
        work.connection,
        work.organization_id,
        entitlement_id,
        work.now_ms,
        position,
        limit,
        sort,
    )
    return RowPage(rows=_meters(work, page.rows), next=page.next)


def list_full(work: Work, limit: int) -> tuple[list[Meter], dict[Band, int]]:
    """What is over, at or near its limit, fullest first, and how many there are of each band."""
    rows, counts = db.fullest(work.connection, work.organization_id, work.now_ms, limit=limit)
    return _meters(work, rows), counts


def list_counters(
    work: Work, wanted: CounterFilter, position: Position | None, limit: int, sort: str = ""
) -> tuple[RowPage[Meter], int]:
    """A page of the counters of the organization that fit, fullest first; and how many do."""
    page, total = db.list_counters(
        work.connection,
        work.organization_id,
        work.now_ms,
        wanted,
        position,
        limit,
        sort,
    )
    return RowPage(rows=_meters(work, page.rows), next=page.next), total


def count_refused(work: Work) -> int:
    """How many counters had a report refused in the last days."""
    return db.count_refused(work.connection, work.organization_id, recent_day(work))


def recent_day(work: Work) -> int:
    """The first of the last days, counted from 1970 in UTC."""
    return work.now_ms // DAY_MS - RECENT_DAYS + 1


def meters_of_instance(work: Work, instance_slug: str) -> list[Meter]:
    """What an instance may use and has used, by entitlement slug. Leaves no event."""
    instance = get_instance(work, instance_slug)
    return _meters(work, usage_db.list_usage(work.connection, instance.id))


def _meters(work: Work, rows: Sequence[CountedUsage]) -> list[Meter]:
    refused = db.refused_by_counter(
        work.connection,
        {row.instance_id for row in rows},
        {row.entitlement_id for row in rows},
        recent_day(work),
    )
    meters: list[Meter] = []
    for row in rows:
        times = refused.get((row.instance_id, row.entitlement_id), 0)
        meter = Meter(row=row, value=None, window=None, saturation=None, refused=times)
        reading = reading_of(row, row, work.now_ms)
        if reading is not None and row.limit["type"] == "number":
            value = reading.counter.value
            filled = saturation(
                value, row.limit["value"], row.overage_percent or 0, row.warning_threshold_percent
            )
            meter = replace(meter, value=value, window=reading.window, saturation=filled)
        meters.append(meter)
    return meters
