"""Webhook endpoints and the deliveries that are due at them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import (
    RowQuery,
    contains,
    delete_row,
    field_names,
    insert_row,
    update_row,
    values_of,
)
from kaiten_sync.server.db.sorting import SortedPage, Sorts
from kaiten_sync.server.db.tables import event, organization, webhook_delivery, webhook_endpoint
from kaiten_sync.server.domain.webhooks import EndpointHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRow(EndpointHealth):
    """A webhook endpoint. Until `leased_until` (ms) one process delivers to it and no other."""

    id: str
    organization_id: str
    url: str
    event_types: list[str]
    secret: str
    leased_until: int = 0
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """An event on its way to an endpoint. `due_at` is None if it is finished."""

    id: str
    organization_id: str
    endpoint_id: str
    event_seq: int
    status: str
    attempts: int
    due_at: int | None
    attempted_at: int | None = None
    response_status: int | None = None
    response_text: str | None = None
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A delivery with all that sending it takes, and the endpoint's failures in a row."""

    id: str
    organization_id: str
    endpoint_id: str
    attempts: int
    failures: int
    url: str
    secret: str
    name: str
    type: str
    payload: dict[str, Any]


class EndpointChange(TypedDict, total=False):
    """What an update can overwrite."""

    url: str
    event_types: list[str]
    secret: str
    leased_until: int
    failures: int
    failing_since: int | None
    retry_at: int
    paused_at: int | None
    updated_at: int


class DeliveryChange(TypedDict, total=False):
    """What an update can overwrite."""

    status: str
    attempts: int
    due_at: int | None
    attempted_at: int
    response_status: int | None
    response_text: str


_ENDPOINTS = RowQuery(
    EndpointRow,
    select(webhook_endpoint).where(webhook_endpoint.c.organization_id == bindparam("organization")),
)
ENDPOINT_SORTS: Sorts = {"url": webhook_endpoint.c.url, "changed": webhook_endpoint.c.updated_at}
"""What the list of endpoints can be sorted by."""

_FIND_ENDPOINT = _ENDPOINTS.where(webhook_endpoint.c.id == bindparam("id"))
_LOCK_ENDPOINT = RowQuery(
    EndpointRow,
    select(webhook_endpoint).where(webhook_endpoint.c.id == bindparam("id")).with_for_update(),
)
_DELIVERY = {name: webhook_delivery.c[name] for name in field_names(DeliveryRow)}
_LOCK_DELIVERY = RowQuery(
    DeliveryRow,
    select(webhook_delivery).where(webhook_delivery.c.id == bindparam("id")).with_for_update(),
)
_IS_DUE = (webhook_delivery.c.status == "pending") & (webhook_delivery.c.due_at <= bindparam("now"))
_MAY_GET = webhook_endpoint.c.paused_at.is_(None) & (
    webhook_endpoint.c.retry_at <= bindparam("now")
)
# One look at an index per endpoint, however many deliveries wait for it.
_FIRST_DUE = (
    select(func.min(webhook_delivery.c.due_at))
    .where(
        webhook_delivery.c.endpoint_id == webhook_endpoint.c.id,
        webhook_delivery.c.due_at.is_not(None),
    )
    .scalar_subquery()
)
_IS_FAILING = webhook_endpoint.c.failures > 0
_IS_UNWELL = or_(_IS_FAILING, webhook_endpoint.c.paused_at.is_not(None))
_DUE_ENDPOINTS = (
    select(webhook_endpoint.c.id)
    .where(
        _MAY_GET,
        webhook_endpoint.c.leased_until <= bindparam("now"),
        bindparam("now") >= _FIRST_DUE,
    )
    .order_by(_FIRST_DUE, webhook_endpoint.c.id)
    .limit(bindparam("top"))
)
_DUE_HEALTHY, _DUE_FAILING = _DUE_ENDPOINTS.where(~_IS_FAILING), _DUE_ENDPOINTS.where(_IS_FAILING)
_NEXT_DUE = select(
    func.min(
        case(
            (webhook_endpoint.c.retry_at > _FIRST_DUE, webhook_endpoint.c.retry_at),
            else_=_FIRST_DUE,
        )
    )
).where(webhook_endpoint.c.paused_at.is_(None))
_NEXT: RowQuery[DueDelivery] = RowQuery(
    DueDelivery,
    select(
        webhook_delivery.c.id,
        webhook_delivery.c.organization_id,
        webhook_delivery.c.endpoint_id,
        webhook_delivery.c.attempts,
        webhook_endpoint.c.failures,
        webhook_endpoint.c.url,
        webhook_endpoint.c.secret,
        event.c.name,
        event.c.type,
        event.c.payload,
    )
    .join(webhook_endpoint, webhook_endpoint.c.id == webhook_delivery.c.endpoint_id)
    .join(event, event.c.seq == webhook_delivery.c.event_seq)
    .where(_IS_DUE, _MAY_GET, webhook_delivery.c.endpoint_id == bindparam("endpoint"))
    # An endpoint gets its events in the order in which they happened.
    .order_by(webhook_delivery.c.event_seq)
    .limit(1),
)

# Who stores an event has read its endpoints before: on PostgreSQL others may have deleted one
# meanwhile, which must not undo what the event is about.
_ADD_DELIVERY = insert(webhook_delivery).from_select(
    list(_DELIVERY),
    select(*(bindparam(name, type_=column.type) for name, column in _DELIVERY.items()))
    .select_from(webhook_endpoint)
    .where(
        webhook_endpoint.c.id == bindparam("endpoint_id"), webhook_endpoint.c.paused_at.is_(None)
    )
    .with_for_update(read=True, key_share=True),
)


def list_endpoints(
    connection: Connection,
    organization_id: str,
    position: Position | None,
    limit: int,
    *,
    is_unwell: bool = False,
    sort: str = "",
    text: str = "",
) -> RowPage[EndpointRow]:
    """One page of endpoints, newest first or sorted; or only of those that fail or are paused.

    With a text those whose URLs contain it.
    """
    query = _ENDPOINTS.where(_IS_UNWELL) if is_unwell else _ENDPOINTS
    query = query.where(contains(webhook_endpoint, text)) if text else query
    page = SortedPage(webhook_endpoint, ENDPOINT_SORTS, sort, position, limit)
    return page.read(connection, query, organization=organization_id)


def count_finished(
    connection: Connection, endpoint_id: str, since_ms: int, *, has_all: bool
) -> int:
    """How many deliveries `resend` makes due again."""
    statement = select(func.count()).select_from(webhook_delivery)
    finished = _finished(endpoint_id, since_ms, has_all=has_all)
    return connection.execute(statement.where(finished)).scalar_one()


def resend(
    connection: Connection, endpoint_id: str, since_ms: int, now_ms: int, *, has_all: bool
) -> int:
    """Make finished deliveries due again, those that failed or all. Returns how many."""
    finished = _finished(endpoint_id, since_ms, has_all=has_all)
    statement = update(webhook_delivery).where(finished)
    return connection.execute(statement.values(status="pending", due_at=now_ms)).rowcount


def _finished(endpoint_id: str, since_ms: int, *, has_all: bool) -> ColumnElement[bool]:
    return and_(
        webhook_delivery.c.endpoint_id == endpoint_id,
        webhook_delivery.c.created_at >= since_ms,
        webhook_delivery.c.status.in_(("fail", "success") if has_all else ("fail",)),
    )


def count_unwell(connection: Connection, organization_id: str) -> int:
    """How many endpoints of an organization fail or are paused."""
    mine = webhook_endpoint.c.organization_id == organization_id
    statement = select(func.count()).select_from(webhook_endpoint).where(mine, _IS_UNWELL)
    return connection.execute(statement).scalar_one()


def find_endpoint(
    connection: Connection, organization_id: str, endpoint_id: str
) -> EndpointRow | None:
    """An endpoint by its id."""
    return _FIND_ENDPOINT.first(connection, organization=organization_id, id=endpoint_id)


def count_endpoints(connection: Connection, organization_id: str) -> int:
    """How many endpoints an organization has."""
    statement = select(func.count()).where(webhook_endpoint.c.organization_id == organization_id)
    return connection.execute(statement).scalar_one()


def add_endpoint(connection: Connection, row: EndpointRow) -> None:
    """Store an endpoint."""
    insert_row(connection, webhook_endpoint, row)


def lock_endpoint(connection: Connection, endpoint_id: str) -> EndpointRow | None:
    """An endpoint, which nobody else changes until the transaction ends."""
    return _LOCK_ENDPOINT.first(connection, id=endpoint_id)


def change_endpoint(
    connection: Connection, endpoint_id: str, **values: Unpack[EndpointChange]
) -> None:
    """Overwrite columns of an endpoint."""
    update_row(connection, webhook_endpoint, endpoint_id, values)


def remove_endpoint(connection: Connection, endpoint_id: str) -> None:
    """Delete an endpoint and everything that is or was due at it."""
    delete_row(connection, webhook_endpoint, endpoint_id)


def add_delivery(connection: Connection, row: DeliveryRow) -> None:
    """Store that an event is due at an endpoint; nothing happens if that was deleted or paused."""
    connection.execute(_ADD_DELIVERY, values_of(row))


def payloads_of(connection: Connection, event_seqs: Collection[int]) -> dict[int, Any]:
    """The payloads of these events, by their place in the order."""
    statement = select(event.c.seq, event.c.payload).where(event.c.seq.in_(event_seqs))
    return {row.seq: row.payload for row in connection.execute(statement)}


def clear_leases(connection: Connection, after_ms: int = 0) -> None:
    """End all leases that last for longer, which only a process that was killed can have."""
    lasting = update(webhook_endpoint).where(webhook_endpoint.c.leased_until > after_ms)
    connection.execute(lasting.values(leased_until=0))


def bring_forward(connection: Connection, now_ms: int) -> None:
    """Let nothing wait for longer from now on than it was to wait, after the clock was set back."""
    early = update(webhook_endpoint).where(webhook_endpoint.c.retry_at > now_ms)
    connection.execute(early.values(retry_at=now_ms))
    waiting = update(webhook_delivery).where(
        webhook_delivery.c.status == "pending", webhook_delivery.c.due_at > now_ms
    )
    connection.execute(waiting.where(webhook_delivery.c.attempts == 0).values(due_at=now_ms))
    attempted_ms = webhook_delivery.c.attempted_at
    connection.execute(
        waiting.where(attempted_ms > now_ms).values(
            due_at=now_ms + webhook_delivery.c.due_at - attempted_ms, attempted_at=now_ms
        )
    )


def due_endpoints(
    connection: Connection, now_ms: int, limit: int, *, failing: bool = False
) -> list[str]:
    """Endpoints with a due delivery that nobody delivers to, the longest waiting first.

    Either those whose last delivery succeeded, or those whose last one failed.
    """
    statement = _DUE_FAILING if failing else _DUE_HEALTHY
    return list(connection.execute(statement, {"now": now_ms, "top": limit}).scalars())


def lease(connection: Connection, endpoint_id: str, now_ms: int, until_ms: int) -> bool:
    """Take an endpoint until then. False if another process has it."""
    statement = (
        update(webhook_endpoint)
        .where(webhook_endpoint.c.id == endpoint_id, webhook_endpoint.c.leased_until <= now_ms)
        .values(leased_until=until_ms)
    )
    return connection.execute(statement).rowcount == 1


def change_lease(connection: Connection, endpoint_id: str, ends_ms: int, until_ms: int) -> bool:
    """Set when a lease ends that so far ends at `ends_ms`; a time in the past releases it.

    False if it is over and another process has the endpoint, or nobody has it any more.
    """
    statement = (
        update(webhook_endpoint)
        .where(webhook_endpoint.c.id == endpoint_id, webhook_endpoint.c.leased_until == ends_ms)
        .values(leased_until=until_ms)
    )
    return connection.execute(statement).rowcount == 1


def next_delivery(connection: Connection, endpoint_id: str, now_ms: int) -> DueDelivery | None:
    """The first delivery in the events' order that is due at an endpoint."""
    return _NEXT.first(connection, endpoint=endpoint_id, now=now_ms)


def lock_delivery(connection: Connection, delivery_id: str) -> DeliveryRow | None:
    """A delivery, which nobody else changes until the transaction ends."""
    return _LOCK_DELIVERY.first(connection, id=delivery_id)


def change_delivery(
    connection: Connection, delivery_id: str, **values: Unpack[DeliveryChange]
) -> None:
    """Overwrite columns of a delivery; nothing happens if it is gone."""
    update_row(connection, webhook_delivery, delivery_id, values)


def next_due(connection: Connection) -> int | None:
    """When the next delivery may be made; None if none is pending."""
    due: int | None = connection.execute(_NEXT_DUE).scalar_one()
    return due


def end_pending(connection: Connection, endpoint_id: str, reason: str) -> None:
    """Let everything fail that is pending at an endpoint."""
    statement = (
        update(webhook_delivery)
        .where(
            webhook_delivery.c.endpoint_id == endpoint_id, webhook_delivery.c.status == "pending"
        )
        .values(status="fail", due_at=None, response_status=None, response_text=reason)
    )
    connection.execute(statement)


def forget_deliveries(connection: Connection, before_ms: int, limit: int) -> int:
    """Delete finished deliveries that are older. Returns how many."""
    old = (
        select(webhook_delivery.c.id)
        # By organization, since the index on times begins with it.
        .where(webhook_delivery.c.organization_id.in_(select(organization.c.id)))
        .where(webhook_delivery.c.created_at < before_ms, webhook_delivery.c.status != "pending")
        .limit(limit)
    )
    statement = delete(webhook_delivery).where(webhook_delivery.c.id.in_(old))
    return connection.execute(statement).rowcount
