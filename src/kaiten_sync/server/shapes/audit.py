"""Entries of an audit trail."""

from __future__ import annotations

from typing import Any

from kaiten_sync.server.db.audit import TrailEvent
from kaiten_sync.server.shapes.scalars import timestamp


def trail_json(row: TrailEvent, instance_slug: str) -> dict[str, Any]:
    """An event as an instance's audit trail shows it, under the slug that the instance has now."""
    return {
        "id": row.id,
        "instanceId": row.instance_id,
        "instanceSlug": instance_slug,
        "eventName": row.name,
        "eventType": row.type,
        "timestamp": timestamp(row.occurred_at),
        "payload": row.payload,
    }
