"""Usage of entitlements over HTTP: reported, and read back next to the grants it counts against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import usage
from kaiten_sync.server.service.usage_reports import ReportFields, report_usage
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Answer, Call, Operation, Query
from kaiten_sync.server.web.schemas import ENTITLEMENT_VALUE, record, ref

_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_START: Schema = {
    **_MOMENT,
    "description": "Start of the usage window (inclusive). Absent where nothing resets usage.",
}
_END: Schema = {
    **_MOMENT,
    "description": "End of the usage window (exclusive). Absent where nothing resets usage.",
}
_PLAIN_OR_TAGGED: Schema = {
    "anyOf": [{"type": "number", "format": "double"}, ENTITLEMENT_VALUE],
    "description": "What is reported: a number, plain or tagged. Nothing else can be reported.",
    "examples": [42, {"type": "number", "value": 42}],
}

SCHEMAS: Mapping[str, Schema] = {
    "EntitlementUsage": record(
        {
            "entitlementId": _TEXT,
            "entitlementSlug": _TEXT,
            "licenseId": _TEXT,
            "licenseSlug": _TEXT,
            "value": ENTITLEMENT_VALUE,
            "limit": ENTITLEMENT_VALUE,
            "currentPeriodStart": _START,
            "currentPeriodEnd": _END,
        },
        ("entitlementId", "entitlementSlug", "licenseId", "licenseSlug", "value"),
    ),
    "EntitlementUsages": {
        "type": "array",
        "items": ref("EntitlementUsage"),
        "description": "One for each entitlement that the license grants, by entitlement slug.",
    },
    "EntitlementGroupUsage": record(
        {
            "entitlementId": _TEXT,
            "entitlementSlug": _TEXT,
            "entitlementName": _TEXT,
            "entitlementType": _TEXT,
            "licenseValue": ENTITLEMENT_VALUE,
            "usageValue": ENTITLEMENT_VALUE,
            "currentPeriodStart": _START,
            "currentPeriodEnd": _END,
        },
        ("entitlementId", "entitlementSlug", "entitlementName", "entitlementType"),
    ),
    "EntitlementGroupUsages": {
        "type": "array",
        "items": ref("EntitlementGroupUsage"),
        "description": "One for each member of the group, granted or not, by entitlement slug.",
    },
    "ReportEntitlementUsageBody": record(
        {
            "value": _PLAIN_OR_TAGGED,
            "behavior": {
                "type": "string",
                "enum": ["append", "set"],
                "description": "append folds the value into what is counted, and is meant when"
                " left out; set overwrites that.",
            },
            "metadata": {
                "type": "object",
                "additionalProperties": {},
                "description": "Taken and not kept.",
            },
            "transactionId": {
                **_TEXT,
                "description": "A key of the report: sent again with the same key, it is answered"
                " as it was and not counted again. 1 to 128 of A-Z a-z 0-9 . _ : -",
                "examples": ["order-4711"],
            },
        },
        ("value",),
    ),
}

REPLAYED = {"Idempotent-Replayed": "true"}

_INSTANCE = Query(
    name="instance",
    schema=_TEXT,
    description="Instance slug to get usage for",
    required=True,
)


def _fields(body: Mapping[str, Any]) -> ReportFields:
    value = body["value"]
    return ReportFields(
        value=value if isinstance(value, dict) else {"type": "number", "value": value},
        behavior=body.get("behavior", "append"),
        transaction_id=body.get("transactionId"),
    )


def _report(work: Work, call: Call) -> Answer:
    path = call.path
    counted = report_usage(work, path["instanceSlug"], path["entitlementSlug"], _fields(call.body))
    return Answer(body=counted.answer, headers=REPLAYED if counted.is_replay else {})


def _get(work: Work, call: Call) -> dict[str, Any]:
    return usage.get_usage(work, call.path["instanceSlug"], call.path["entitlementSlug"])


def _list(work: Work, call: Call) -> list[dict[str, Any]]:
    return usage.list_usage(work, call.path["instanceSlug"])


def _list_group(work: Work, call: Call) -> list[dict[str, Any]]:
    return usage.list_group_usage(work, call.path["entitlementGroupSlug"], call.query["instance"])


_ONE = "/instances/{instanceSlug}/entitlements/{entitlementSlug}/usage"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="reportEntitlementUsageMetric",
        method="POST",
        path=_ONE,
        tag="instances",
        summary="Report usage of an entitlement",
        scope="write:instances",
        handler=_report,
        status=200,
        answer="EntitlementUsage",
        body="ReportEntitlementUsageBody",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="getEntitlementUsageMetrics",
        method="GET",
        path=_ONE,
        tag="instances",
        summary="Get an instance's usage of one entitlement; leaves an ENTITLEMENT_VALUE_GET event",
        scope="read:instances",
        handler=_get,
        status=200,
        answer="EntitlementUsage",
        refusals=(400, 404),
        leaves_event=True,
    ),
    Operation(
        id="getEntitlementsUsageMetrics",
        method="GET",
        path="/instances/{instanceSlug}/entitlements/usage",
        tag="instances",
        summary="List an instance's usage of all that its license grants",
        scope="read:instances",
        handler=_list,
        status=200,
        answer="EntitlementUsages",
        refusals=(400, 404),
    ),
    Operation(
        id="get-entitlement-group-usage",
        method="GET",
        path="/entitlement-groups/{entitlementGroupSlug}/usage",
        tag="entitlement-groups",
        summary="List an instance's usage of a group's members",
        scope="read:entitlements",
        handler=_list_group,
        status=200,
        answer="EntitlementGroupUsages",
        query=(_INSTANCE,),
        refusals=(400, 404),
    ),
)
