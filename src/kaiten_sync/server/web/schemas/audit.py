"""Schemas of audit trails."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Query
from kaiten_sync.server.web.paging import CURSOR, LIMIT, page_schema
from kaiten_sync.server.web.schemas.shared import record

_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}

SCHEMAS: Mapping[str, Schema] = {
    "AuditTrail": record(
        {
            "id": {"type": "string", "description": "Unique audit trail entry ID"},
            "instanceId": _TEXT,
            "instanceSlug": _TEXT,
            "eventName": {**_TEXT, "examples": ["ENTITLEMENT_VALUE_GET"]},
            "eventType": {
                **_TEXT,
                "examples": ["com.kaiten.instance.entitlement.v1.value_get"],
            },
            "timestamp": {**_MOMENT, "description": "When the event occurred"},
            "payload": {"description": "The event's data, as its webhook carries it."},
        },
        ("id", "instanceSlug", "eventName", "eventType", "timestamp"),
    ),
    "PageAuditTrail": page_schema("AuditTrail"),
}

QUERY = (
    Query(
        name="event_name",
        schema=_TEXT,
        description="Only events of this name (e.g. ENTITLEMENT_VALUE_GET), or of this type",
    ),
    Query(
        name="after",
        schema=_MOMENT,
        description="RFC 3339 timestamp: only events at this time or later",
    ),
    Query(
        name="before",
        schema=_MOMENT,
        description="RFC 3339 timestamp: only events at this time or earlier",
    ),
    LIMIT,
    CURSOR,
)
