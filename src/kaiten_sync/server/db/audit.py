"""The audit trail: the events of one instance, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, or_, select

from kaiten_sync.server.db.pages import FIRST, Page, Position, page_of, page_parameters
from kaiten_sync.server.db.tables import event

_last = event.alias("last")
_place_of_last = (
    select(_last.c.seq)
    .where(_last.c.id == bindparam("after_id"), _last.c.instance_id == bindparam("instance"))
    .scalar_subquery()
)

_LIST = (
    # Pages go by `created_at` and `id`.
    select(event, event.c.occurred_at.label("created_at"))
    .where(
        event.c.organisation_id == bindparam("organisation"),
        event.c.instance_id == bindparam("instance"),
        event.c.occurred_at >= bindparam("since"),
        event.c.occurred_at <= bindparam("until"),
        # Events of the same millisecond are in the order in which they were written; ids have none.
        or_(event.c.occurred_at < bindparam("after"), event.c.seq < _place_of_last),
    )
    .order_by(event.c.occurred_at.desc(), event.c.seq.desc())
    .limit(bindparam("top"))
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
    organisation_id: str,
    instance_id: str,
    wanted: TrailFilter,
    position: Position | None,
    limit: int,
) -> Page:
    """One page of an instance's events."""
    # One bound and not two: with two, SQLite goes through the whole organisation's events.
    last_ms = (position or FIRST).created_at
    parameters = {
        "organisation": organisation_id,
        "instance": instance_id,
        "since": _BEGINNING if wanted.since_ms is None else wanted.since_ms,
        "until": last_ms if wanted.until_ms is None else min(last_ms, wanted.until_ms),
        **page_parameters(position, limit),
    }
    if wanted.type is None:
        return page_of(connection.execute(_LIST, parameters).all(), limit)
    parameters["type"] = wanted.type
    return page_of(connection.execute(_LIST_OF_TYPE, parameters).all(), limit)
