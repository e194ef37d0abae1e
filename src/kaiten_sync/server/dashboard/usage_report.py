"""The page that reports or corrects usage by hand, with a reason that the audit shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kaiten_sync.server.dashboard.fields import Choice, Field, Sent, read_fields
from kaiten_sync.server.dashboard.figures import unit_names
from kaiten_sync.server.dashboard.pages import (
    DashboardPage,
    Form,
    Shown,
    Visit,
    call,
    form_page,
    operation,
    show_form,
)
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.service import saturation
from kaiten_sync.server.service.instances import get_instance
from kaiten_sync.server.service.saturation import Meter
from kaiten_sync.server.service.usage_reports import ReportFields, report_usage
from kaiten_sync.server.web.arguments import check_body

_PATH = "/instances/{instanceSlug}/entitlements/{entitlementSlug}/report"

_FIELDS = (
    Field(
        "behavior",
        "What to do",
        kind="choice",
        choices=(
            Choice(value="append", label="report: count this in, as a client would"),
            Choice(value="set", label="correct: usage is this from now on"),
        ),
    ),
    Field("value", "Value", kind="number", required=True, hint="Such as 1,000, 50k or 0.5."),
    Field("reason", "Reason", required=True, hint="Why it is done by hand. The audit shows it."),
)


def _meter(visit: Visit) -> Meter:
    slug = visit.path["entitlementSlug"]
    for meter in saturation.meters_of_instance(visit.work, visit.path["instanceSlug"]):
        if meter.row.entitlement_slug == slug and meter.saturation is not None:
            return meter
    detail = f"the instance's license grants no usage of {slug!r}"
    raise not_found("ReportEntitlementUsageMetric.ContextNotFound", detail)


def _fields(visit: Visit) -> tuple[Field, ...]:
    """The form, whose value can be typed in the unit of what is metered."""
    units = unit_names(_meter(visit).row)
    return tuple(replace(each, units=units) if each.name == "value" else each for each in _FIELDS)


def _show(visit: Visit) -> Shown:
    row, meter = get_instance(visit.work, visit.path["instanceSlug"]), _meter(visit)
    shown = show_form(
        visit,
        _REPORT,
        f"Report usage of {meter.row.entitlement_slug}",
        "Report",
        f"/instances/{row.slug}",
        calls=(
            call(
                "reportEntitlementUsageMetric",
                {"value": 42},
                instanceSlug=row.slug,
                entitlementSlug=meter.row.entitlement_slug,
            ),
        ),
    )
    return Shown(
        template="usage_report.html",
        values={**shown.values, "row": row, "meter_of": meter},
        calls=shown.calls,
    )


def _report(visit: Visit, sent: Sent) -> dict[str, Any]:
    body = read_fields(_fields(visit), sent)
    reason = body.pop("reason")
    checked = check_body(operation("reportEntitlementUsageMetric"), body)
    value = checked["value"]
    counted = report_usage(
        visit.work,
        visit.path["instanceSlug"],
        visit.path["entitlementSlug"],
        ReportFields(
            value=value if isinstance(value, dict) else {"type": "number", "value": value},
            behavior=checked.get("behavior", "append"),
            transaction_id=None,
            reason=reason,
        ),
    )
    return counted.answer


_REPORT = form_page(
    _PATH,
    _show,
    "reportEntitlementUsageMetric",
    lambda done: f"/instances/{done.path['instanceSlug']}?done=reported",
    fields=_fields,
    act=_report,
)

PAGES: tuple[DashboardPage, ...] = ()
FORMS: tuple[Form, ...] = (_REPORT,)
