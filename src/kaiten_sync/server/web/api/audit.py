"""Audit trails over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.db.audit import TrailFilter
from kaiten_sync.server.domain.events import find_event_type
from kaiten_sync.server.service import audit
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.audit import trail_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation, Query
from kaiten_sync.server.web.paging import CURSOR, LIMIT, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import record

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

_EVENT_NAME = Query(
    name="event_name",
    schema=_TEXT,
    description="Only events of this name (e.g. ENTITLEMENT_VALUE_GET), or of this type",
)
_AFTER = Query(
    name="after",
    schema=_MOMENT,
    description="RFC 3339 timestamp: only events at this time or later",
)
_BEFORE = Query(
    name="before",
    schema=_MOMENT,
    description="RFC 3339 timestamp: only events at this time or earlier",
)
_NO_TYPE = ""
"""The type of no event: an unknown name finds nothing."""


def _list(work: Work, call: Call) -> dict[str, Any]:
    wanted = TrailFilter(
        type=_type_of(call.query["event_name"]),
        since_ms=call.query["after"],
        until_ms=call.query["before"],
    )
    position = position_of(call, "AuditTrails")
    instance, page = audit.list_trail(
        work, call.path["instanceSlug"], wanted, position, call.query["limit"]
    )
    return page_body([trail_json(row, instance.slug) for row in page.rows], page.next)


def _type_of(event_name: str | None) -> str | None:
    if not event_name:
        return None
    known = find_event_type(event_name)
    return known.type if known else _NO_TYPE


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="getAuditTrails",
        method="GET",
        path="/instances/{instanceSlug}/audit-trails",
        tag="instances",
        summary="List what happened to an instance, newest first",
        scope="read:instances",
        handler=_list,
        status=200,
        answer="PageAuditTrail",
        query=(_EVENT_NAME, _AFTER, _BEFORE, LIMIT, CURSOR),
        refusals=(400, 404),
    ),
)
