"""Pages of webhooks: endpoints, a new one, one with its deliveries, deliver again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.dashboard.forms import Choice, Field, Filled, Sent, choices, read_fields
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    Action,
    Page,
    Shown,
    Visit,
    back_to,
    call,
    on_to,
    operation,
    up_to,
)
from kaiten_sync.server.domain.events import EVENT_TYPES
from kaiten_sync.server.service import webhooks
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.webhooks import endpoint_json
from kaiten_sync.server.web.operations import Call as OperationCall
from kaiten_sync.server.web.operations import Operation

READ, WRITE = "read:webhooks", "write:webhooks"

_ALL = "/webhooks"
_ONE = "/webhooks/{webhookId}"
_STATUSES = ("pending", "success", "fail")

_FIELDS = (
    Field(
        name="url",
        label="URL",
        required=True,
        hint="Where events are posted to, such as https://example.com/kaiten.",
    ),
    Field(
        name="eventTypes",
        label="Events",
        kind="flags",
        choices=sorted(
            (Choice(value=kind.type, label=kind.name) for kind in EVENT_TYPES),
            key=lambda choice: choice.label,
        ),
    ),
)


def _retry(work: Work, called: OperationCall) -> None:
    webhooks.retry_delivery(work, called.path["webhookId"], called.path["deliveryId"])


_RETRY = Operation(
    id="retry-delivery",
    method="POST",
    path="",
    tag="webhooks",
    summary="Deliver once more",
    scope=WRITE,
    handler=_retry,
    status=204,
)
"""Not part of the API, which has no operation for it."""


def _list(visit: Visit) -> Shown:
    wanted = listing_of(visit, _ALL)
    page = webhooks.list_endpoints(visit.work, wanted.position, ROWS)
    return Shown(
        template="webhooks.html",
        values={
            "listing": wanted,
            "endpoints": [endpoint_json(row) for row in page.rows],
            "following": wanted.after(page.next),
        },
        calls=(call("list-webhooks"), call("list-webhook-history")),
    )


def _new(visit: Visit) -> Shown:
    form = visit.form("new", _FIELDS)
    example = {
        "url": "https://example.com/kaiten",
        "eventTypes": ["com.kaiten.instance.entitlement.v1.usage_reached"],
    }
    return Shown(
        template="webhook_form.html",
        values={"form": form, "id": None},
        calls=(call("create-webhook", example),),
    )


def _detail(visit: Visit) -> Shown:
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    wanted = listing_of(
        visit,
        f"{_ALL}/{row.id}",
        Filter(name="status", label="Status", choices=choices(_STATUSES)),
    )
    page = webhooks.list_deliveries(
        visit.work,
        wanted.position,
        ROWS,
        endpoint_id=row.id,
        status=wanted.values["status"] or None,
    )
    payloads = webhooks.payloads_of(visit.work, page.rows)
    return Shown(
        template="webhook.html",
        values={
            "row": row,
            "shown": endpoint_json(row, with_secret=True),
            "listing": wanted,
            "deliveries": [(each, _pretty(payloads[each.event_seq])) for each in page.rows],
            "following": wanted.after(page.next),
            "refused": visit.refused,
        },
        calls=(
            call("get-webhook", webhookId=row.id),
            call("list-webhook-history", query={"hookId": row.id}),
        ),
    )


def _pretty(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, indent=2)


def _edit_form(visit: Visit) -> Filled:
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    return visit.form("edit", _FIELDS, endpoint_json(row))


def _edit(visit: Visit) -> Shown:
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    shown = endpoint_json(row)
    body = {"url": row.url, "eventTypes": shown["eventTypes"]}
    return Shown(
        template="webhook_form.html",
        values={"form": _edit_form(visit), "id": row.id},
        calls=(call("update-webhook", body, webhookId=row.id),),
    )


def _delete(visit: Visit) -> Shown:
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    waiting = webhooks.list_deliveries(visit.work, None, ROWS, endpoint_id=row.id, status="pending")
    return Shown(
        template="webhook_delete.html",
        values={
            "row": row,
            "waiting": len(waiting.rows),
            "has_more": waiting.next is not None,
            "refused": visit.refused,
        },
        calls=(call("delete-webhook", webhookId=row.id),),
    )


def _body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_FIELDS, sent)


_NEW_PAGE = Page(path="/new/webhook", scopes=(WRITE,), show=_new)
_DETAIL_PAGE = Page(path=_ONE, scopes=(READ,), show=_detail)
_EDIT_PAGE = Page(path=f"{_ONE}/edit", scopes=(WRITE,), show=_edit)
_DELETE_PAGE = Page(path=f"{_ONE}/delete", scopes=(WRITE,), show=_delete)

PAGES = (
    Page(path=_ALL, scopes=(READ,), show=_list),
    _NEW_PAGE,
    _DETAIL_PAGE,
    _EDIT_PAGE,
    _DELETE_PAGE,
)
ACTIONS = (
    Action(
        path="/new/webhook",
        form="new",
        page=_NEW_PAGE,
        operation=operation("create-webhook"),
        body=_body,
        done=on_to(_ALL, "id"),
    ),
    Action(
        path=f"{_ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("update-webhook"),
        body=_body,
        now=_edit_form,
        done=back_to(_ONE, "saved"),
    ),
    Action(
        path=f"{_ONE}/delete",
        form="delete",
        page=_DELETE_PAGE,
        operation=operation("delete-webhook"),
        done=up_to(_ALL, "deleted"),
    ),
    Action(
        path=f"{_ONE}/deliveries/{{deliveryId}}/retry",
        form="retry",
        page=_DETAIL_PAGE,
        operation=_RETRY,
        done=back_to(_ONE, "retried"),
    ),
)
