"""Pages of webhooks: endpoints, a new one, one with its deliveries, deliver again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from kaiten_sync.server.dashboard.fields import Choice, Field, Sent, choices, read_fields
from kaiten_sync.server.dashboard.listing import ROWS, Filter, listing_of
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Form,
    Shown,
    Visit,
    back_to,
    call,
    edit_page,
    form_page,
    new_page,
    show_question,
    up_to,
)
from kaiten_sync.server.db.deliveries import DELIVERY_SORTS
from kaiten_sync.server.db.webhooks import ENDPOINT_SORTS
from kaiten_sync.server.domain.events import EVENT_TYPES, OWN_EVENT_TYPES, read_scope
from kaiten_sync.server.domain.refusals import Problem, unprocessable
from kaiten_sync.server.domain.times import parse_rfc3339
from kaiten_sync.server.domain.webhooks import delivery_body
from kaiten_sync.server.service import webhooks
from kaiten_sync.server.shapes.webhooks import endpoint_json
from kaiten_sync.server.web.forwarding import forward
from kaiten_sync.server.web.operations import operation as api_operation

_READ = "read:webhooks"
_ALL = "/webhooks"
_ONE = "/webhooks/{webhookId}"
_STATUSES = ("pending", "success", "fail")

_FIELDS = (
    Field(
        "url",
        "URL",
        required=True,
        hint="Events are posted to it, such as https://example.com/kaiten.",
    ),
    Field(
        "eventTypes",
        "Events",
        kind="flags",
        choices=sorted(
            (Choice(value=kind.type, label=kind.name) for kind in (*EVENT_TYPES, *OWN_EVENT_TYPES)),
            key=lambda choice: choice.label,
        ),
    ),
)


_WHICH = {"fail": "those that failed", "all": "all, also those that succeeded"}
_RESEND_FIELDS = (
    Field("since", "Since (UTC)", kind="day", required=True),
    Field(
        "which",
        "Which",
        kind="choice",
        required=True,
        choices=[Choice(value=value, label=label) for value, label in _WHICH.items()],
    ),
)


def _list(visit: Visit) -> Shown:
    health = Filter(
        name="health",
        label="Health",
        choices=(Choice(value="unwell", label="failing or paused"),),
    )
    wanted = listing_of(visit, _ALL, health, sorts=ENDPOINT_SORTS)
    page = webhooks.list_endpoints(
        visit.work,
        wanted.position,
        ROWS,
        is_unwell=bool(wanted.values["health"]),
        sort=wanted.sort,
        text=wanted.text,
    )
    return Shown(
        template="webhooks.html",
        values={
            "listing": wanted,
            "endpoints": [(endpoint_json(row), row) for row in page.rows],
            "following": wanted.after(page.next),
        },
        calls=(call("list-webhooks"), call("list-webhook-history")),
    )


def _detail(visit: Visit) -> Shown:
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    wanted = listing_of(
        visit,
        f"{_ALL}/{row.id}",
        Filter(name="status", label="Status", choices=choices(_STATUSES)),
        sorts=DELIVERY_SORTS,
    )
    page = webhooks.list_deliveries(
        visit.work,
        wanted.position,
        ROWS,
        endpoint_id=row.id,
        status=wanted.values["status"] or None,
        sort=wanted.sort,
    )
    payloads = webhooks.payloads_of(visit.work, page.rows)
    return Shown(
        template="webhook.html",
        values={
            "row": row,
            # The only page with the secret. Lists never have it.
            "shown": endpoint_json(row, with_secret=True),
            "listing": wanted,
            "deliveries": [
                (each, _pretty(payloads[each.event_seq]), scope, visit.may(scope))
                for each in page.rows
                for scope in (read_scope(each.event_type),)
            ],
            "following": wanted.after(page.next),
            # A paused webhook has no such form that could show it.
            "refused": visit.refused if row.paused_at or not visit.refusal_of(_RESEND) else None,
            "resend": visit.fill(_RESEND),
        },
        calls=(
            call("get-webhook", webhookId=row.id),
            call("list-webhook-history", query={"hookId": row.id}),
        ),
    )


def _delivery(visit: Visit) -> Shown:
    endpoint = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    row = webhooks.get_delivery(visit.work, endpoint.id, visit.path["deliveryId"])
    scope = read_scope(row.event_type)
    payload = webhooks.payloads_of(visit.work, [row])[row.event_seq]
    body = json.loads(delivery_body(row.event_name, row.event_type, payload))
    return Shown(
        template="webhook_delivery.html",
        values={
            "endpoint": endpoint,
            "row": row,
            "attempts": webhooks.attempts_of(visit.work, row),
            # Events have what is read in other places with a scope of its own: whoever may see
            # webhooks may not see customers by them.
            "body": _pretty(body) if visit.may(scope) else None,
            "scope": scope,
        },
        calls=(call("list-webhook-history", query={"hookId": endpoint.id}),),
    )


def _pretty(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, indent=2)


def _stored(visit: Visit) -> Mapping[str, Any]:
    return endpoint_json(webhooks.get_endpoint(visit.work, visit.path["webhookId"]))


def _delete(visit: Visit) -> Shown:
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    # What is not delivered yet is lost with the endpoint.
    waiting = webhooks.list_deliveries(visit.work, None, ROWS, endpoint_id=row.id, status="pending")
    return show_question(
        visit,
        _DELETE,
        "webhook_delete.html",
        {"url": row.url, "waiting": len(waiting.rows), "has_more": waiting.next is not None},
        title="Delete this webhook",
        about=row.url,
        back=f"{_ALL}/{row.id}",
        calls=(call("delete-webhook", webhookId=row.id),),
    )


_DETAIL = DashboardPage(path=_ONE, scopes=(_READ,), show=_detail)
_NEW = new_page(
    "Webhook",
    "create-webhook",
    {
        "url": "https://example.com/kaiten",
        "eventTypes": ["com.kaiten.instance.entitlement.v1.usage_reached"],
    },
    _ALL,
    known_by="id",
    fields=lambda _: _FIELDS,
)
_EDIT = edit_page(
    _ONE,
    "update-webhook",
    lambda stored: {name: stored[name] for name in ("url", "eventTypes")},
    stored=_stored,
    about="the webhook",
    fields=lambda _: _FIELDS,
)
_DELETE = form_page(f"{_ONE}/delete", _delete, "delete-webhook", up_to(_ALL, "deleted"))


def _own_form(path: str, name: str, summary: str, notice: str, use: Callable[..., None]) -> Form:
    """A form for what is not an operation of the API, which has none for it."""
    return Form(
        path=f"{_ONE}{path}",
        page=_DETAIL,
        operation=api_operation(name, f"POST {_ONE}{path}", summary, forward(use), status=204),
        done=back_to(_ONE, notice),
    )


_RETRY = _own_form(
    "/deliveries/{deliveryId}/retry",
    "retry-delivery",
    "Deliver again",
    "retried",
    webhooks.retry_delivery,
)
# In the API, an update resumes a webhook.
_RESUME = _own_form("/resume", "resume-webhook", "Resume", "resumed", webhooks.resume_endpoint)
_PAUSE = _own_form("/pause", "pause-webhook", "Pause", "paused", webhooks.pause_endpoint)
_ROTATE = _own_form("/rotate", "rotate-secret", "New secret", "rotated", webhooks.rotate_secret)
_TEST = _own_form("/test", "test-webhook", "Send a test event", "tested", webhooks.send_test)


def _since(sent: Sent) -> tuple[int, bool]:
    """Since when, in milliseconds since 1970, and whether those that succeeded are meant too."""
    # No operation of the API checks these.
    typed = read_fields(_RESEND_FIELDS, sent)
    since_ms = parse_rfc3339(typed["since"])
    problems = []
    if since_ms is None:
        problems.append(Problem("type a day, such as 2026-01-31", "body.since"))
    if typed["which"] not in _WHICH:
        problems.append(Problem("choose one of these", "body.which"))
    if since_ms is None or problems:
        raise unprocessable("UNPROCESSABLE", "validation failed", problems)
    return since_ms, typed["which"] == "all"


def _review_resend(visit: Visit, sent: Sent) -> Shown | None:
    """How many deliveries would be made; None if that was seen already."""
    row = webhooks.get_endpoint(visit.work, visit.path["webhookId"])
    since_ms, has_all = _since(sent)
    count = webhooks.count_since(visit.work, row.id, since_ms, has_all=has_all)
    if sent.one("reviewed"):
        return None
    return show_question(
        visit,
        _RESEND,
        "webhook_resend.html",
        {
            "count": count,
            "which": sent.one("which"),
            "carried": [(each.name, sent.one(each.name)) for each in _RESEND_FIELDS],
            "since_ms": since_ms,
        },
        title="Deliver again",
        about=row.url,
        back=f"{_ALL}/{row.id}",
    )


def _resend(visit: Visit, sent: Sent) -> None:
    since_ms, has_all = _since(sent)
    webhooks.resend_since(visit.work, visit.path["webhookId"], since_ms, has_all=has_all)


_RESEND = replace(
    _own_form("/resend", "resend-deliveries", "Deliver again", "resent", webhooks.resume_endpoint),
    fields=lambda _: _RESEND_FIELDS,
    act=_resend,
    review=_review_resend,
)

PAGES = (
    DashboardPage(path=_ALL, scopes=(_READ,), show=_list),
    _DETAIL,
    DashboardPage(path=f"{_ONE}/deliveries/{{deliveryId}}", scopes=(_READ,), show=_delivery),
)
FORMS = (_NEW, _EDIT, _DELETE, _RETRY, _RESUME, _PAUSE, _ROTATE, _TEST, _RESEND)
