"""Schemas of webhooks and of the history of their deliveries.

They are not part of the 1.0 contract: upstream's cloud serves them. Source: API facts, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.domain.webhooks import MAX_URL
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Query
from kaiten_sync.server.web.paging import PAGING, page_schema
from kaiten_sync.server.web.schemas.shared import READ_ONLY_ID, READ_ONLY_TIME, record, ref

_EVENTS: Schema = {"type": "array", "items": {"type": "string"}, "maxItems": 100}

# Both spellings of what to deliver: the getting-started generation has names, later ones types.
_WRITABLE: Mapping[str, Schema] = {
    "url": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_URL,
        "description": "Where deliveries are posted to: https:// or http://.",
        "examples": ["https://example.com/kaiten"],
    },
    "eventTypes": {
        **_EVENTS,
        "description": "Events to deliver, by type. Names are understood too.",
        "examples": [["com.kaiten.instance.entitlement.v1.usage_reached"]],
    },
    "eventNames": {
        **_EVENTS,
        "description": "Events to deliver, by name, also by the getting-started generation's.",
        "examples": [["INSTANCE_ENTITLEMENT_USAGE_REACHED"]],
    },
}
_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    **_WRITABLE,
    "signingSecret": {
        "type": "string",
        "readOnly": True,
        "description": "What deliveries are signed with (`whsec_...`). Not in lists.",
    },
    "pausedAt": {
        **READ_ONLY_TIME,
        "description": "Since when nothing is delivered, until the webhook is updated or resumed.",
    },
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}
_STATUSES = ["pending", "success", "fail"]

SCHEMAS: Mapping[str, Schema] = {
    "Webhook": record(
        _PROPERTIES,
        ("id", "url", "eventTypes", "eventNames", "createdAt", "updatedAt"),
    ),
    "WriteWebhook": record(_PROPERTIES, ("url",)),
    "PageWebhook": page_schema("Webhook"),
    "WebhookDelivery": record(
        {
            "id": {"type": "string"},
            "date": {"type": "string", "format": "date-time"},
            "hookId": {"type": "string"},
            "hookUrl": {"type": "string"},
            "eventName": {"type": "string"},
            "eventType": {"type": "string"},
            "status": {"type": "string", "enum": _STATUSES},
            "attempts": {"type": "integer", "format": "int32"},
            "responseStatusCode": {"type": "integer", "format": "int32"},
            "responseStatusText": {"type": "string"},
            "nextAttemptAt": {"type": "string", "format": "date-time"},
        },
        ("id", "date", "hookId", "hookUrl", "eventName", "eventType", "status", "attempts"),
    ),
    "WebhookHistory": record(
        {
            "history": {"type": "array", "items": ref("WebhookDelivery")},
            "hasMore": {"type": "boolean"},
            "nextCursor": {"type": "string"},
        },
        ("history", "hasMore"),
    ),
}

HISTORY_QUERY = (
    *PAGING,
    Query(name="hookId", schema={"type": "string"}, description="Only deliveries to this webhook."),
    Query(
        name="status",
        schema={"type": "string", "enum": _STATUSES},
        description="Only deliveries in this state.",
    ),
)
