"""Webhook endpoints and deliveries."""

from __future__ import annotations

from typing import Any

from kaiten_sync.server.db.deliveries import ShownDelivery
from kaiten_sync.server.db.webhooks import EndpointRow
from kaiten_sync.server.domain.events import find_event_type
from kaiten_sync.server.shapes.scalars import timestamp, without_none


def endpoint_json(row: EndpointRow, *, with_secret: bool = False) -> dict[str, Any]:
    """An endpoint as the API shows it. Lists never show its secret."""
    kinds = [find_event_type(each) for each in row.event_types]
    body = without_none(
        {
            "id": row.id,
            "url": row.url,
            "eventTypes": list(row.event_types),
            "eventNames": [kind.name for kind in kinds if kind is not None],
            "pausedAt": None if row.paused_at is None else timestamp(row.paused_at),
            "createdAt": timestamp(row.created_at),
            "updatedAt": timestamp(row.updated_at),
        }
    )
    return {**body, "signingSecret": row.secret} if with_secret else body


def delivery_json(row: ShownDelivery) -> dict[str, Any]:
    """A delivery as the history shows it: its last attempt, and when the next one is due."""
    return without_none(
        {
            "id": row.id,
            "date": timestamp(row.attempted_at or row.created_at),
            "hookId": row.endpoint_id,
            "hookUrl": row.endpoint_url,
            "eventName": row.event_name,
            "eventType": row.event_type,
            "status": row.status,
            "attempts": row.attempts,
            "responseStatusCode": row.response_status,
            "responseStatusText": row.response_text,
            "nextAttemptAt": None if row.due_at is None else timestamp(row.due_at),
        }
    )
