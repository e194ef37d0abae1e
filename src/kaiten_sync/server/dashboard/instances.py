"""Pages of instances: the list, a new one, one with its meters and its audit trail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kaiten_sync.server.dashboard.chart import chart_usage
from kaiten_sync.server.dashboard.forms import (
    Choice,
    Field,
    Filled,
    Sent,
    choices,
    moment_of_day,
    read_fields,
)
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
from kaiten_sync.server.db.audit import TrailFilter
from kaiten_sync.server.db.instances import ShownInstance
from kaiten_sync.server.db.search import Wanted
from kaiten_sync.server.domain.events import EVENT_TYPES
from kaiten_sync.server.domain.licenses import ARCHIVED
from kaiten_sync.server.domain.refusals import Fault, RefusalError, unprocessable
from kaiten_sync.server.service import audit, saturation, search
from kaiten_sync.server.service.customers import get_customer
from kaiten_sync.server.service.instances import get_instance
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.shapes.instances import instance_json

READ, WRITE = "read:instances", "write:instances"

_ALL = "/instances"
_ONE = "/instances/{instanceSlug}"
_STATUSES = ("HEALTHY", "DEGRADED", "INCIDENT", "MAINTENANCE")

_MAX_CHOICES = 200
"""Customers and licenses that are offered to choose from; where there are more, slugs are typed."""

_DAYS = ("startLicenseDate", "endLicenseDate")
_EVENTS = tuple(
    Choice(value=kind.type, label=kind.name)
    for kind in EVENT_TYPES
    if kind.type.startswith("com.kaiten.instance.")
)

_STATUS_FIELDS = (
    Field(name="status", label="Status", kind="choice", choices=choices(_STATUSES)),
    Field(
        name="lifecycleStage",
        label="Lifecycle stage",
        hint="In free text, such as TRIAL or ACTIVE. It cannot be cleared.",
    ),
)


def _fields(visit: Visit) -> tuple[Field, ...]:
    return (
        Field(name="name", label="Name", required=True, hint="Such as My Restaurant Production."),
        Field(name="slug", label="Slug", hint="For programs. Made from the name where empty."),
        _customer_field(visit),
        _license_field(visit),
        Field(
            name="startLicenseDate",
            label="License starts (UTC)",
            kind="day",
            required=True,
            hint="Reset periods may count from here.",
        ),
        Field(name="endLicenseDate", label="License ends (UTC)", kind="day", required=True),
        Field(name="description", label="Description", kind="long", empty=""),
        Field(name="metadata", label="Metadata", kind="json", hint="A JSON object, or nothing."),
    )


def _customer_field(visit: Visit) -> Field:
    page = search.find_customers(visit.work, Wanted(), None, _MAX_CHOICES)
    is_all = page.next is None and visit.may("read:customers")
    return _named("customerSlug", "Customer", page.rows if is_all else None)


def _license_field(visit: Visit) -> Field:
    page, views, _ = search.find_families(visit.work, Wanted(), None, _MAX_CHOICES)
    is_all = page.next is None and visit.may("read:licenses")
    rows = [row for view in views for row in view.versions if row.lifecycle_state != ARCHIVED]
    return _named("licenseSlug", "License", rows if is_all else None)


def _named(name: str, label: str, rows: Iterable[Any] | None) -> Field:
    """A field for something that has a slug: chosen where there is a list, or else typed."""
    if rows is None:
        return Field(name=name, label=label, required=True, hint="Its slug.")
    offered = [Choice(value=row.slug, label=f"{row.name} ({row.slug})") for row in rows]
    return Field(
        name=name,
        label=label,
        kind="choice",
        required=True,
        choices=(
            Choice(value="", label="choose one"),
            *sorted(offered, key=lambda choice: choice.label),
        ),
    )


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit, _ALL, Filter(name="status", label="Status", choices=choices(_STATUSES))
    )
    page = search.find_instances(visit.work, wanted.wanted, wanted.position, ROWS)
    return Shown(
        template="instances.html",
        values={"listing": wanted, "rows": page.rows, "following": wanted.after(page.next)},
        calls=(call("getInstances", query={"limit": str(ROWS)}),),
    )


def _new(visit: Visit) -> Shown:
    form = visit.form("new", _fields(visit), {"customerSlug": visit.query.get("customer", "")})
    example = {
        "name": "My Restaurant Production",
        "description": "",
        "customerId": "<id of the customer>",
        "licenseId": "<id of the license>",
        "startLicenseDate": "2026-01-01T00:00:00Z",
        "endLicenseDate": "2027-01-01T00:00:00Z",
    }
    return Shown(
        template="instance_form.html",
        values={"form": form, "row": None},
        calls=(call("createInstance", example),),
    )


def _create_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    return _with_ids(visit, read_fields(_fields(visit), sent))


def _with_ids(visit: Visit, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the ids of what was named by its slug."""
    faults: list[Fault] = []
    for name, find in (("customer", get_customer), ("license", get_license)):
        slug = body.pop(f"{name}Slug")
        try:
            body[f"{name}Id"] = find(visit.work, slug).id
        except RefusalError as error:
            faults.append(Fault(error.detail, f"body.{name}Slug"))
    if faults:
        raise unprocessable("UNPROCESSABLE", "validation failed", faults)
    return body


def _edit_form(visit: Visit) -> Filled:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    return visit.form("edit", _edit_fields(visit, row), instance_json(row))


def _status_form(visit: Visit) -> Filled:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    return visit.form("status", _STATUS_FIELDS, instance_json(row))


def _edit(visit: Visit) -> Shown:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    shown = instance_json(row)
    kept = ("name", "slug", "description", "customerId", "licenseId", *_DAYS, "metadata")
    body = {name: shown[name] for name in kept}
    return Shown(
        template="instance_form.html",
        values={"form": _edit_form(visit), "row": row},
        calls=(call("updateInstance", body, instanceSlug=row.slug),),
    )


def _edit_fields(visit: Visit, row: ShownInstance) -> tuple[Field, ...]:
    """The fields, with the license that it has: an archived one may be kept."""
    return tuple(_with_choice(field, row.license_slug) for field in _fields(visit))


def _with_choice(field: Field, slug: str) -> Field:
    if field.name != "licenseSlug" or field.kind != "choice":
        return field
    if any(choice.value == slug for choice in field.choices):
        return field
    kept = Choice(value=slug, label=f"{slug} (archived)")
    return Field(
        name=field.name,
        label=field.label,
        kind="choice",
        required=True,
        choices=(*field.choices, kept),
    )


def _edit_body(visit: Visit, sent: Sent) -> dict[str, Any]:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    body = _with_ids(visit, read_fields(_edit_fields(visit, row), sent))
    stored = instance_json(row)
    for name in _DAYS:
        # The form knows days only: where the day stays, so does the time of day.
        if body[name] == moment_of_day(stored[name][:10]):
            body[name] = stored[name]
    return body


def _detail(visit: Visit) -> Shown:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    meters = saturation.meters_of_instance(visit.work, row.slug)
    report = {"value": 42}
    return Shown(
        template="instance_usage.html",
        values={
            "row": row,
            "tab": "usage",
            "meters": meters,
            "used": chart_usage(visit.work, meters, lambda meter: str(meter.row.entitlement_slug)),
            "form": _status_form(visit),
            "days_left": (row.end_license_date - visit.work.now_ms) // 86_400_000,
        },
        calls=(
            call("getInstance", instanceSlug=row.slug),
            call("getEntitlementsUsageMetrics", instanceSlug=row.slug),
            call(
                "reportEntitlementUsageMetric",
                report,
                instanceSlug=row.slug,
                entitlementSlug="api-calls",
            ),
        ),
    )


def _status_body(_visit: Visit, sent: Sent) -> dict[str, Any]:
    return read_fields(_STATUS_FIELDS, sent)


def _audit(visit: Visit) -> Shown:
    slug = visit.path["instanceSlug"]
    row = get_instance(visit.work, slug)
    wanted = listing_of(
        visit, f"{_ALL}/{slug}/audit", Filter(name="type", label="Event", choices=_EVENTS)
    )
    only = TrailFilter(type=wanted.values["type"] or None)
    _, page = audit.list_trail(visit.work, slug, only, wanted.position, ROWS)
    return Shown(
        template="instance_audit.html",
        values={
            "row": row,
            "tab": "audit",
            "listing": wanted,
            "events": [(each, _pretty(each.payload)) for each in page.rows],
            "following": wanted.after(page.next),
        },
        calls=(call("getAuditTrails", instanceSlug=slug),),
    )


def _pretty(payload: Any) -> str:
    return json.dumps(payload, ensure_ascii=False, indent=2)


def _delete(visit: Visit) -> Shown:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    meters = saturation.meters_of_instance(visit.work, row.slug)
    return Shown(
        template="instance_delete.html",
        values={
            "row": row,
            "counted": [meter for meter in meters if meter.row.report_seq is not None],
            "refused": visit.refused,
        },
        calls=(call("deleteInstance", instanceSlug=row.slug),),
    )


_NEW_PAGE = Page(path="/new/instance", scopes=(WRITE,), show=_new)
_DETAIL_PAGE = Page(path=_ONE, scopes=(READ,), show=_detail)
_EDIT_PAGE = Page(path=f"{_ONE}/edit", scopes=(WRITE,), show=_edit)
_DELETE_PAGE = Page(path=f"{_ONE}/delete", scopes=(WRITE,), show=_delete)

PAGES = (
    Page(path=_ALL, scopes=(READ,), show=_list),
    _NEW_PAGE,
    _DETAIL_PAGE,
    Page(path=f"{_ONE}/audit", scopes=(READ,), show=_audit),
    _EDIT_PAGE,
    _DELETE_PAGE,
)
ACTIONS = (
    Action(
        path="/new/instance",
        form="new",
        page=_NEW_PAGE,
        operation=operation("createInstance"),
        body=_create_body,
        done=on_to(_ALL),
    ),
    Action(
        path=_ONE,
        form="status",
        page=_DETAIL_PAGE,
        operation=operation("patchInstance"),
        body=_status_body,
        now=_status_form,
        done=back_to(_ONE, "saved"),
    ),
    Action(
        path=f"{_ONE}/edit",
        form="edit",
        page=_EDIT_PAGE,
        operation=operation("updateInstance"),
        body=_edit_body,
        now=_edit_form,
        # The form may have given it another slug.
        done=up_to(_ALL, "saved"),
    ),
    Action(
        path=f"{_ONE}/delete",
        form="delete",
        page=_DELETE_PAGE,
        operation=operation("deleteInstance"),
        done=up_to(_ALL, "deleted"),
    ),
)
