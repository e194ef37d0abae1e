"""Pages of instances: the list, a new one, one with its meters and its audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kaiten_sync.licensing import isolated
from kaiten_sync.server.dashboard.audit_rows import audit_rows
from kaiten_sync.server.dashboard.chart import chart_usage
from kaiten_sync.server.dashboard.fields import Choice, Field, choices
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
    operation,
    show_question,
    unless_untouched,
    up_to,
)
from kaiten_sync.server.db.audit import TRAIL_SORTS, TrailFilter
from kaiten_sync.server.db.search import INSTANCE_SORTS, Wanted
from kaiten_sync.server.domain.events import EVENT_TYPES
from kaiten_sync.server.domain.licenses import ARCHIVED
from kaiten_sync.server.domain.refusals import Problem, RefusalError, unprocessable
from kaiten_sync.server.service import audit, saturation, search
from kaiten_sync.server.service.customers import get_customer
from kaiten_sync.server.service.instances import get_instance
from kaiten_sync.server.service.licenses import get_license
from kaiten_sync.server.shapes.instances import instance_json

_READ = "read:instances"
_ALL = "/instances"
_ONE = "/instances/{instanceSlug}"
_STATUSES = ("HEALTHY", "DEGRADED", "INCIDENT", "MAINTENANCE")

ENDS_FILTER = Filter(
    name="ends",
    label="License",
    choices=(
        Choice(value="running", label="running"),
        Choice(value="soon", label=f"ends within {search.ENDING_DAYS} days"),
        Choice(value="ended", label="ended"),
    ),
)
_MAX_CHOICES = 200
"""Customers and licenses that are offered to choose from; if there are more, slugs are typed."""

_EVENTS = tuple(
    Choice(value=kind.type, label=kind.name)
    for kind in EVENT_TYPES
    if kind.type.startswith("com.kaiten.instance.")
)
_STATUS_FIELDS = (
    Field("status", "Status", kind="choice", choices=choices(_STATUSES)),
    Field(
        "lifecycleStage",
        "Lifecycle stage",
        hint="Free text, such as TRIAL or ACTIVE. It cannot be cleared.",
    ),
)


def _fields(visit: Visit) -> tuple[Field, ...]:
    # Chosen from a list only if all fit and may be seen: else a slug is typed.
    customers = search.find_customers(visit.work, Wanted(), None, _MAX_CHOICES)
    has_customers = customers.next is None and visit.may("read:customers")
    families, views, _ = search.find_families(visit.work, Wanted(), None, _MAX_CHOICES)
    has_licenses = families.next is None and visit.may("read:licenses")
    # The API refuses an archived license, but for an instance that has it already.
    rows = [row for view in views for row in view.versions if row.lifecycle_state != ARCHIVED]
    return (
        Field("name", "Name", required=True, hint="Such as My Restaurant Production."),
        Field("slug", "Slug", hint="For programs. Made from the name if left empty."),
        _named("customerSlug", "Customer", customers.rows if has_customers else None),
        _named("licenseSlug", "License", rows if has_licenses else None),
        Field(
            "startLicenseDate",
            "License starts (UTC)",
            kind="day",
            required=True,
            hint="Reset periods may count from here.",
        ),
        Field("endLicenseDate", "License ends (UTC)", kind="day", required=True),
        Field("description", "Description", kind="long", empty=""),
        Field("metadata", "Metadata", kind="json", hint="A JSON object, or nothing."),
    )


def _named(name: str, label: str, rows: Iterable[Any] | None) -> Field:
    """A field for something that has a slug: chosen from the rows, or typed if there are none."""
    if rows is None:
        return Field(name, label, required=True, hint="Its slug.")
    offered = [Choice(value=row.slug, label=f"{row.name} ({row.slug})") for row in rows]
    return Field(
        name,
        label,
        kind="choice",
        required=True,
        choices=(
            Choice(value="", label="choose one"),
            *sorted(offered, key=lambda choice: choice.label),
        ),
    )


def _list(visit: Visit) -> Shown:
    wanted = listing_of(
        visit,
        _ALL,
        Filter(name="status", label="Status", choices=choices(_STATUSES)),
        ENDS_FILTER,
        sorts=INSTANCE_SORTS,
    )
    page = search.find_instances(
        visit.work,
        wanted.wanted_but("ends"),
        wanted.position,
        ROWS,
        ends=wanted.values["ends"],
    )
    return Shown(
        template="instances.html",
        values={
            "listing": wanted,
            "rows": page.rows,
            "following": wanted.after(page.next),
            "soon_ms": search.SOON_MS,
        },
        calls=(call("getInstances", query={"limit": str(ROWS)}),),
    )


def _with_ids(visit: Visit, body: dict[str, Any]) -> dict[str, Any]:
    """The body with the ids of what is named by its slug."""
    problems: list[Problem] = []
    for name, find in (("customer", get_customer), ("license", get_license)):
        # People know slugs, and the API takes the ids of what an instance refers to.
        slug = body.pop(f"{name}Slug")
        try:
            body[f"{name}Id"] = find(visit.work, slug).id
        except RefusalError as error:
            problems.append(Problem(error.detail, f"body.{name}Slug"))
    if problems:
        raise unprocessable("UNPROCESSABLE", "validation failed", problems)
    return body


def _stored(visit: Visit) -> Mapping[str, Any]:
    return instance_json(get_instance(visit.work, visit.path["instanceSlug"]))


def _detail(visit: Visit) -> Shown:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    meters = saturation.meters_of_instance(visit.work, row.slug)
    return Shown(
        template="instance_usage.html",
        values={
            "row": row,
            "tab": "usage",
            "meters": meters,
            "used": chart_usage(visit.work, meters, lambda meter: str(meter.row.entitlement_slug)),
            "form": visit.fill(_STATUS),
            # Rounded down, also for an end that is past: on its last day, 0 days are left.
            "days_left": (row.end_license_date - visit.work.now_ms) // 86_400_000,
        },
        calls=(
            call("getInstance", instanceSlug=row.slug),
            call("getEntitlementsUsageMetrics", instanceSlug=row.slug),
            call(
                "reportEntitlementUsageMetric",
                {"value": 42},
                instanceSlug=row.slug,
                entitlementSlug="api-calls",
            ),
        ),
    )


def _audit(visit: Visit) -> Shown:
    slug = visit.path["instanceSlug"]
    row = get_instance(visit.work, slug)
    wanted = listing_of(
        visit,
        f"{_ALL}/{slug}/audit",
        Filter(name="type", label="Event", choices=_EVENTS),
        sorts=TRAIL_SORTS,
    )
    only = TrailFilter(type=wanted.values["type"] or None, is_rising=wanted.sort == "when")
    page = audit.list_audit(visit.work, replace(only, instance_id=row.id), wanted.position, ROWS)
    return Shown(
        template="instance_audit.html",
        values={
            "row": row,
            "tab": "audit",
            "listing": wanted,
            "rows": audit_rows(page, {each.type: True for each in page.rows}),
            "following": wanted.after(page.next),
        },
        calls=(call("getAuditTrails", instanceSlug=slug),),
    )


def _delete(visit: Visit) -> Shown:
    row = get_instance(visit.work, visit.path["instanceSlug"])
    meters = saturation.meters_of_instance(visit.work, row.slug)
    # Usage is deleted with its instance. A counter without reports is nothing to lose.
    counted = [meter for meter in meters if meter.row.report_seq is not None]
    return show_question(
        visit,
        _DELETE,
        "instance_delete.html",
        {"row": row, "counted": counted},
        title=f"Delete {isolated(row.name)}",
        about=row.name,
        back=f"{_ALL}/{row.slug}",
        calls=(call("deleteInstance", instanceSlug=row.slug),),
    )


_DETAIL = DashboardPage(path=_ONE, scopes=(_READ,), show=_detail)
_NEW = new_page(
    "Instance",
    "createInstance",
    {
        "name": "My Restaurant Production",
        "description": "",
        "customerId": "<id of the customer>",
        "licenseId": "<id of the license>",
        "startLicenseDate": "2026-01-01T00:00:00Z",
        "endLicenseDate": "2027-01-01T00:00:00Z",
    },
    _ALL,
    fields=_fields,
    suggested=lambda visit: {"customerSlug": visit.query.get("customer", "")},
    complete=_with_ids,
)
_WRITTEN = (
    "name",
    "slug",
    "description",
    "customerId",
    "licenseId",
    "startLicenseDate",
    "endLicenseDate",
    "metadata",
)
"""What an update writes. It resets what it leaves out."""

_STATUS = Form(
    path=_ONE,
    page=_DETAIL,
    operation=operation("patchInstance"),
    done=unless_untouched(_ONE, back_to(_ONE, "saved")),
    fields=lambda _: _STATUS_FIELDS,
    stored=_stored,
)
_EDIT = edit_page(
    _ONE,
    "updateInstance",
    lambda stored: {name: stored[name] for name in _WRITTEN},
    stored=_stored,
    # To the list, because the form may have given it another slug.
    done=up_to(_ALL, "saved"),
    fields=_fields,
    complete=_with_ids,
)
_DELETE = form_page(f"{_ONE}/delete", _delete, "deleteInstance", up_to(_ALL, "deleted"))

PAGES = (
    DashboardPage(path=_ALL, scopes=(_READ,), show=_list),
    _DETAIL,
    DashboardPage(path=f"{_ONE}/audit", scopes=(_READ,), show=_audit),
)
FORMS = (_NEW, _STATUS, _EDIT, _DELETE)
