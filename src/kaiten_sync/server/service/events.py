"""Records events in the transaction of their change, and queues their deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.db import events, webhooks
from kaiten_sync.server.db.events import NewEvent
from kaiten_sync.server.db.webhooks import DeliveryRow
from kaiten_sync.server.domain.events import EventType
from kaiten_sync.server.service.work import Work, new_id


@dataclass(frozen=True, slots=True)
class Subject:
    """The instance that an event is about: its audit trail shows it."""

    instance_id: str
    instance_slug: str


def emit(
    work: Work, kind: EventType, payload: Mapping[str, Any], subject: Subject | None = None
) -> None:
    """Store an event, and a delivery for each webhook endpoint that wants it.

    Both are rows of the running transaction: an event is delivered if and only if the change
    that it is about is kept. `payload` is the `data` of the 1.0 contract's webhook of this type.
    """
    event = NewEvent(
        id=new_id(),
        organization_id=work.organization_id,
        instance_id=subject.instance_id if subject else None,
        instance_slug=subject.instance_slug if subject else None,
        name=kind.name,
        type=kind.type,
        payload=dict(payload),
        occurred_at=work.now_ms,
    )
    seq = events.add_event(work.connection, event)
    for endpoint in events.endpoints_of(work.connection, work.organization_id):
        if kind.type in endpoint.event_types:
            delivery = DeliveryRow(
                id=new_id(),
                organization_id=work.organization_id,
                endpoint_id=endpoint.id,
                event_seq=seq,
                status="pending",
                attempts=0,
                due_at=work.now_ms,
                created_at=work.now_ms,
            )
            webhooks.add_delivery(work.connection, delivery)
            work.queued.append(delivery.id)
