"""Schemas of usage: what is reported, and what is read back beside its grants."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Query
from kaiten_sync.server.web.schemas.shared import ENTITLEMENT_VALUE, record, ref

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
    # Not `oneOf`, since a check that tries all branches could not name the one that is wrong.
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

GROUP_QUERY = (
    Query(
        name="instance",
        schema=_TEXT,
        description="Instance slug to get usage for",
        required=True,
    ),
)
