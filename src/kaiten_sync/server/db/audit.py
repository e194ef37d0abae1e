"""The audit: events of one instance, of one object of the catalog, or of all, newest first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select

from kaiten_sync.licensing import Unit
from kaiten_sync.server.db.pages import FIRST, Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, TableRow
from kaiten_sync.server.db.tables import entitlement, event, instance, service_account, token


class TrailEvent(TableRow, frozen=True):
    """An event as pages have it, which go by `created_at` and `id`, and whose token caused it.

    `seq` is its place in the order. `current_slug` is that of its instance now; None if the
    instance is gone, or never was one. The other fields are those of `NewEvent`.
    """

    seq: int
    id: str
    organization_id: str
    instance_id: str | None
    instance_slug: str | None
    name: str
    type: str
    payload: dict[str, Any]
    occurred_at: int
    token_id: str | None
    address: str | None
    used_before: float | None
    used_after: float | None
    threshold: float | None
    overage_percent: int | None
    reason: str | None
    created_at: int
    current_slug: str | None
    token_name: str | None
    account_name: str | None


_last = event.alias("last")
_place_of_last = (
    select(_last.c.seq)
    .where(
        _last.c.id == bindparam("after_id"), _last.c.organization_id == bindparam("organization")
    )
    .scalar_subquery()
)

_UNORDERED = RowQuery(
    TrailEvent,
    select(
        event,
        event.c.occurred_at.label("created_at"),
        instance.c.slug.label("current_slug"),
        token.c.name.label("token_name"),
        service_account.c.name.label("account_name"),
    )
    .outerjoin(instance, instance.c.id == event.c.instance_id)
    .outerjoin(token, token.c.id == event.c.token_id)
    .outerjoin(service_account, service_account.c.id == token.c.service_account_id)
    .where(
        event.c.organization_id == bindparam("organization"),
        event.c.occurred_at >= bindparam("since"),
        event.c.occurred_at <= bindparam("until"),
    ),
)
# Events of the same millisecond are in the order in which they were written; ids have none.
_NEWEST_FIRST = RowQuery(
    TrailEvent,
    _UNORDERED.statement.where(
        or_(event.c.occurred_at < bindparam("after"), event.c.seq < _place_of_last)
    )
    .order_by(event.c.occurred_at.desc(), event.c.seq.desc())
    .limit(bindparam("top")),
)
_OLDEST_FIRST = RowQuery(
    TrailEvent,
    _UNORDERED.statement.where(
        or_(event.c.occurred_at > bindparam("after"), event.c.seq > _place_of_last)
    )
    .order_by(event.c.occurred_at, event.c.seq)
    .limit(bindparam("top")),
)

_earlier = event.alias("earlier")
_previous = event.alias("previous")
_PREVIOUS = (
    select(event.c.seq, _previous.c.payload)
    .select_from(event)
    .join(
        _previous,
        _previous.c.seq
        == select(func.max(_earlier.c.seq))
        .where(
            _earlier.c.organization_id == event.c.organization_id,
            _earlier.c.address == event.c.address,
            _earlier.c.seq < event.c.seq,
        )
        .scalar_subquery(),
    )
)

_BEGINNING = -(2**62)
"""Milliseconds: before everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """Which events are wanted; what is None is not asked for.

    `since_ms` and `until_ms` are inclusive. `types` are those that may be shown. An `address` is
    that of an object, and asks for what is inside it as well. An `instance_slug` is the
    current one, or the one at the time, and an `account_slug` that of whose token caused the event.
    `is_rising`: the oldest first.
    """

    type: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    types: Collection[str] | None = None
    instance_id: str | None = None
    instance_slug: str | None = None
    entitlement_slug: str | None = None
    account_slug: str | None = None
    address: str | None = None
    is_refused: bool = False
    is_rising: bool = False


TRAIL_SORTS = ("when",)
"""What lists of events can be sorted by: there are too many for any other order."""


def list_trail(
    connection: Connection,
    organization_id: str,
    wanted: TrailFilter,
    position: Position | None,
    limit: int,
) -> RowPage[TrailEvent]:
    """One page of an organization's events."""
    since = _BEGINNING if wanted.since_ms is None else wanted.since_ms
    until = FIRST.created_at if wanted.until_ms is None else wanted.until_ms
    # One bound on a side and not two: with two, SQLite reads all events of the organization.
    if wanted.is_rising:
        query, start = _OLDEST_FIRST, position or Position(_BEGINNING, "")
        since = max(since, start.created_at)
    else:
        query, start = _NEWEST_FIRST, position or FIRST
        until = min(until, start.created_at)
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (event.c.type, wanted.type),
        (event.c.instance_id, wanted.instance_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.instance_slug is not None:
        then, now = event.c.instance_slug, instance.c.slug
        conditions.append(or_(then == wanted.instance_slug, now == wanted.instance_slug))
    if wanted.account_slug is not None:
        conditions.append(service_account.c.slug == wanted.account_slug)
    if wanted.types is not None:
        conditions.append(event.c.type.in_(sorted(wanted.types)))
    if wanted.is_refused:
        conditions.append(event.c.threshold.is_not(None))
    if wanted.entitlement_slug is not None:
        names = ("entitlement_slug", "entitlementSlug")
        said = (event.c.payload[name].as_string() for name in names)
        conditions.append(or_(*(each == wanted.entitlement_slug for each in said)))
    if wanted.address is not None:
        inside = event.c.address.like(f"{wanted.address}/%")
        conditions.append(event.c.address.is_not(None))
        conditions.append(or_(event.c.address == wanted.address, inside))
    return query.where(*conditions).page(
        connection, start, limit, organization=organization_id, since=since, until=until
    )


def previous_payloads(
    connection: Connection, rows: Collection[TrailEvent]
) -> Mapping[int, dict[str, Any]]:
    """What the object of each event was before it, by the event's place, if that is known."""
    places = [row.seq for row in rows if row.address is not None]
    if not places:
        return {}
    found = connection.execute(_PREVIOUS.where(event.c.seq.in_(places)))
    return {row.seq: row.payload for row in found}


def existing_entitlements(
    connection: Connection, organization_id: str, slugs: Collection[str]
) -> dict[str, Unit]:
    """Those of these slugs that an entitlement has, each with its unit."""
    if not slugs:
        return {}
    columns = (entitlement.c.slug, entitlement.c.unit_singular, entitlement.c.unit_plural)
    statement = select(*columns).where(
        entitlement.c.organization_id == organization_id, entitlement.c.slug.in_(sorted(slugs))
    )
    return {
        slug: (one or "", several or one or "")
        for slug, one, several in connection.execute(statement)
    }
