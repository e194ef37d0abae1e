"""Deliveries as lists show them, each with its event and its endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, func, literal, or_, select, tuple_

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.sorting import SortedPage, Sorts
from kaiten_sync.server.db.tables import event, webhook_delivery, webhook_endpoint
from kaiten_sync.server.db.webhooks import DeliveryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDelivery(DeliveryRow):
    """A delivery, with its event and its endpoint."""

    event_name: str
    event_type: str
    endpoint_url: str


_SHOWN: RowQuery[ShownDelivery] = RowQuery(
    ShownDelivery,
    select(
        webhook_delivery,
        event.c.name.label("event_name"),
        event.c.type.label("event_type"),
        webhook_endpoint.c.url.label("endpoint_url"),
    )
    .join(event, event.c.seq == webhook_delivery.c.event_seq)
    .join(webhook_endpoint, webhook_endpoint.c.id == webhook_delivery.c.endpoint_id)
    .where(webhook_delivery.c.organization_id == bindparam("organization")),
)
_FIND_DELIVERY = _SHOWN.where(webhook_delivery.c.id == bindparam("id"))
_last = webhook_delivery.alias("last")
_place_of_last = (
    select(_last.c.event_seq, _last.c.id).where(_last.c.id == bindparam("after_id")).subquery()
)
_SHOWN_NEWEST_FIRST = RowQuery(
    ShownDelivery,
    _SHOWN.statement.outerjoin(_place_of_last, literal(True))
    .where(
        or_(
            webhook_delivery.c.created_at < bindparam("after"),
            and_(
                webhook_delivery.c.created_at == bindparam("after"),
                # Those of the same millisecond are in the order of their events.
                tuple_(webhook_delivery.c.event_seq, webhook_delivery.c.id)
                < tuple_(_place_of_last.c.event_seq, _place_of_last.c.id),
            ),
        )
    )
    .order_by(
        webhook_delivery.c.created_at.desc(),
        webhook_delivery.c.event_seq.desc(),
        webhook_delivery.c.id.desc(),
    )
    .limit(bindparam("top")),
)

DELIVERY_SORTS: Sorts = {
    "created": webhook_delivery.c.event_seq,  # which those of the same millisecond have in order
    "status": webhook_delivery.c.status,
    "attempts": webhook_delivery.c.attempts,
    "attempted": func.coalesce(webhook_delivery.c.attempted_at, 0),
}
"""What lists of deliveries can be sorted by, and the values that are compared."""


def list_deliveries(
    connection: Connection,
    organization_id: str,
    position: Position | None,
    limit: int,
    *,
    endpoint_id: str | None,
    status: str | None,
    sort: str = "",
) -> RowPage[ShownDelivery]:
    """One page of deliveries, newest first or sorted, of all endpoints or of one."""
    wanted = []
    if endpoint_id is not None:
        wanted.append(webhook_delivery.c.endpoint_id == endpoint_id)
    if status is not None:
        wanted.append(webhook_delivery.c.status == status)
    return SortedPage(webhook_delivery, DELIVERY_SORTS, sort, position, limit).read(
        connection,
        _SHOWN.where(*wanted),
        _SHOWN_NEWEST_FIRST.where(*wanted),
        organization=organization_id,
    )


def find_delivery(
    connection: Connection, organization_id: str, delivery_id: str
) -> ShownDelivery | None:
    """A delivery by its id."""
    return _FIND_DELIVERY.first(connection, organization=organization_id, id=delivery_id)
