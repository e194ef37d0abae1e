"""Records events in the transaction of their change, and queues their deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from kaiten_sync.server.db import events, webhooks
from kaiten_sync.server.db.events import NO_TRACE, EndpointWants, NewEvent, Trace
from kaiten_sync.server.db.webhooks import DeliveryRow
from kaiten_sync.server.domain.events import EventType
from kaiten_sync.server.service.work import Work, new_id


@dataclass(frozen=True, slots=True)
class Subject:
    """The instance that an event is about: its audit trail shows it."""

    instance_id: str
    instance_slug: str


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that its transaction has still to store. `payload` as in `emit`."""

    work: Work
    kind: EventType
    payload: Mapping[str, Any]
    subject: Subject | None = None
    trace: Trace = NO_TRACE


def emit(
    work: Work,
    kind: EventType,
    payload: Mapping[str, Any],
    subject: Subject | None = None,
    address: str | None = None,
) -> None:
    """Store an event, and a delivery for each webhook endpoint that wants it.

    Both are rows of the running transaction: an event is delivered if and only if the change
    that it is about is kept. `payload` is the `data` of the 1.0 contract's webhook of this type.
    `address` is that of the object that the payload shows whole, if it does.
    """
    trace = Trace(address=address) if address else NO_TRACE
    # At the time that it is now: whoever had the object before has an earlier one.
    emit_all(work.connection, [PendingEvent(work.after_waiting(), kind, payload, subject, trace)])


def emit_all(connection: Connection, pending: Sequence[PendingEvent]) -> None:
    """Store events of one transaction in their order, as `emit` does each."""
    wanting: dict[str, list[EndpointWants]] = {}
    for each in pending:
        organization_id = each.work.organization_id
        if organization_id not in wanting:
            wanting[organization_id] = events.endpoints_of(connection, organization_id)
    endpoints = [
        [each.id for each in wanting[one.work.organization_id] if one.kind.type in each.event_types]
        for one in pending
    ]
    rows = [_row(each) for each in pending]
    if not any(endpoints):
        events.add_events(connection, rows)
        return
    for each, row, wanted_by in zip(pending, rows, endpoints, strict=True):
        seq = events.add_event(connection, row)
        for endpoint_id in wanted_by:
            _queue(each.work, endpoint_id, seq)


def emit_to(work: Work, kind: EventType, payload: Mapping[str, Any], endpoint_id: str) -> None:
    """Store an event and deliver it to one webhook endpoint, whatever that subscribes to."""
    seq = events.add_event(work.connection, _row(PendingEvent(work, kind, payload)))
    _queue(work, endpoint_id, seq)


def _row(pending: PendingEvent) -> NewEvent:
    work, subject, trace = pending.work, pending.subject, pending.trace
    return NewEvent(
        id=new_id(),
        organization_id=work.organization_id,
        instance_id=subject.instance_id if subject else None,
        instance_slug=subject.instance_slug if subject else None,
        name=pending.kind.name,
        type=pending.kind.type,
        payload=dict(pending.payload),
        occurred_at=work.now_ms,
        token_id=work.caller.token_id,
        address=trace.address,
        used_before=trace.used_before,
        used_after=trace.used_after,
        threshold=trace.threshold,
        overage_percent=trace.overage_percent,
        reason=trace.reason,
    )


def _queue(work: Work, endpoint_id: str, seq: int) -> None:
    delivery = DeliveryRow(
        id=new_id(),
        organization_id=work.organization_id,
        endpoint_id=endpoint_id,
        event_seq=seq,
        status="pending",
        attempts=0,
        due_at=work.now_ms,
        created_at=work.now_ms,
    )
    webhooks.add_delivery(work.connection, delivery)
    work.queued.append(delivery.id)
