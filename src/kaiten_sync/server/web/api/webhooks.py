"""Webhook endpoints and the history of their deliveries over HTTP.

No part of the 1.0 contract: upstream's cloud serves them. Source: API facts, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.domain.webhooks import MAX_URL
from kaiten_sync.server.service import webhooks
from kaiten_sync.server.service.webhooks import EndpointFields
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.webhooks import delivery_json, endpoint_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation, Query
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import READ_ONLY_ID, READ_ONLY_TIME, record, ref

_EVENTS: Schema = {"type": "array", "items": {"type": "string"}, "maxItems": 100}

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
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}
_STATUSES = ["pending", "success", "fail"]

SCHEMAS: Mapping[str, Schema] = {
    "Webhook": record(
        _PROPERTIES, ("id", "url", "eventTypes", "eventNames", "createdAt", "updatedAt")
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

_HOOK = Query(
    name="hookId", schema={"type": "string"}, description="Only deliveries to this webhook."
)
_STATUS = Query(
    name="status",
    schema={"type": "string", "enum": _STATUSES},
    description="Only deliveries that stand like this.",
)


def _fields(body: Mapping[str, Any]) -> EndpointFields:
    return EndpointFields(
        url=body["url"],
        event_types=body.get("eventTypes", ()),
        event_names=body.get("eventNames", ()),
    )


def _list(work: Work, call: Call) -> dict[str, Any]:
    page = webhooks.list_endpoints(work, position_of(call, "Webhooks"), call.query["limit"])
    return page_body([endpoint_json(row) for row in page.rows], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return endpoint_json(webhooks.get_endpoint(work, call.path["webhookId"]), with_secret=True)


def _create(work: Work, call: Call) -> dict[str, Any]:
    return endpoint_json(webhooks.create_endpoint(work, _fields(call.body)), with_secret=True)


def _update(work: Work, call: Call) -> None:
    webhooks.update_endpoint(work, call.path["webhookId"], _fields(call.body))


def _delete(work: Work, call: Call) -> None:
    webhooks.delete_endpoint(work, call.path["webhookId"])


def _history(work: Work, call: Call) -> dict[str, Any]:
    page = webhooks.list_deliveries(
        work,
        position_of(call, "WebhookHistory"),
        call.query["limit"],
        endpoint_id=call.query["hookId"],
        status=call.query["status"],
    )
    body = page_body([delivery_json(row) for row in page.rows], page.next)
    return {"history": body.pop("items"), **body}


_ALL, _ONE = "/webhooks", "/webhooks/{webhookId}"
_READ, _WRITE = "read:webhooks", "write:webhooks"
_TAG = "webhooks"

OPERATIONS = (
    Operation(
        id="list-webhook-history",
        method="GET",
        path="/webhooks/history",  # before the path that any id would match
        tag=_TAG,
        summary="List deliveries, newest first",
        scope=_READ,
        handler=_history,
        status=200,
        answer="WebhookHistory",
        query=(*PAGING, _HOOK, _STATUS),
        refusals=(400,),
    ),
    Operation(
        id="list-webhooks",
        method="GET",
        path=_ALL,
        tag=_TAG,
        summary="List all webhooks",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageWebhook",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="create-webhook",
        method="POST",
        path=_ALL,
        tag=_TAG,
        summary="Create a webhook; the answer holds its signing secret",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="Webhook",
        body="WriteWebhook",
        refusals=(409,),
    ),
    Operation(
        id="get-webhook",
        method="GET",
        path=_ONE,
        tag=_TAG,
        summary="Get a webhook with its signing secret",
        scope=_READ,
        handler=_get,
        status=200,
        answer="Webhook",
        refusals=(404,),
    ),
    Operation(
        id="update-webhook",
        method="PUT",
        path=_ONE,
        tag=_TAG,
        summary="Replace the URL and the events of a webhook",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="WriteWebhook",
        refusals=(404,),
    ),
    Operation(
        id="delete-webhook",
        method="DELETE",
        path=_ONE,
        tag=_TAG,
        summary="Delete a webhook and what is queued for it",
        scope=_WRITE,
        handler=_delete,
        status=204,
        refusals=(404,),
    ),
)
