"""The audit trail: the events of one instance, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, or_, select

from kaiten_sync.server.db.events import EventRow
from kaiten_sync.server.db.pages import FIRST, Position, RowPage
from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.tables import event


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEvent(EventRow):
    """An event as pages have it, which go by `created_at` and `id`."""

    created_at: int


_last = event.alias("last")
_place_of_last = (
    select(_last.c.seq)
    .where(_last.c.id == bindparam("after_id"), _last.c.instance_id == bindparam("instance"))
    .scalar_subquery()
)

_LIST = RowQuery(
    TrailEvent,
    select(event, event.c.occurred_at.label("created_at"))
    .where(
        event.c.organization_id == bindparam("organization"),
        event.c.instance_id == bindparam("instance"),
        event.c.occurred_at >= bindparam("since"),
        event.c.occurred_at <= bindparam("until"),
        # Events of the same millisecond are in the order in which they were written; ids have none.
        or_(event.c.occurred_at < bindparam("after"), event.c.seq < _place_of_last),
    )
    .order_by(event.c.occurred_at.desc(), event.c.seq.desc())
    .limit(bindparam("top")),
)
_LIST_OF_TYPE = _LIST.where(event.c.type == bindparam("type"))

_BEGINNING = -(2**62)
"""Milliseconds: before everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """Which events are wanted: of one type, in a span of time (ms since 1970, both inclusive)."""

    type: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None


def list_trail(
    connection: Connection,
    organization_id: str,
    instance_id: str,
    wanted: TrailFilter,
    position: Position | None,
    limit: int,
) -> RowPage[TrailEvent]:
    """One page of an instance's events."""
    # One bound and not two: with two, SQLite reads all events of the organization.
    last_ms = (position or FIRST).created_at
    parameters = {
        "organization": organization_id,
        "instance": instance_id,
        "since": _BEGINNING if wanted.since_ms is None else wanted.since_ms,
        "until": last_ms if wanted.until_ms is None else min(last_ms, wanted.until_ms),
    }
    if wanted.type is None:
        return _LIST.page(connection, position, limit, **parameters)
    return _LIST_OF_TYPE.page(connection, position, limit, **parameters, type=wanted.type)
