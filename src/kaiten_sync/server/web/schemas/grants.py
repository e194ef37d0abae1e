"""Schemas of grants: what a license grants."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import ENTITLEMENT_VALUE, READ_ONLY_TIME, record, ref

_READ_ONLY_TEXT: Schema = {"type": "string", "readOnly": True}

_PROPERTIES: Mapping[str, Schema] = {
    "entitlementSlug": {"type": "string", "description": "The entitlement that is granted."},
    "entitlementName": _READ_ONLY_TEXT,
    "entitlementType": {
        "type": "string",
        "enum": ["BOOLEAN", "NUMBER", "CONFIG", "NUMBER_AI_CREDIT"],
        "readOnly": True,
    },
    "entitlementGroups": {
        "type": ["array", "null"],
        "items": ref("EntitlementGroupSummary"),
        "readOnly": True,
    },
    "licenseId": _READ_ONLY_TEXT,
    "licenseSlug": _READ_ONLY_TEXT,
    "value": ENTITLEMENT_VALUE,
    "limitCapExceededOveragePercent": {
        "type": "integer",
        "format": "int32",
        "description": "How far usage may go beyond a number: 0 not at all, -1 for unlimited."
        " Left out on create or update: 0, or -1 where the value is -1.",
        "examples": [10],
    },
    "createdAt": READ_ONLY_TIME,
    "createdBy": {**ref("User"), "readOnly": True},
    "updatedAt": READ_ONLY_TIME,
    "updatedBy": {**ref("User"), "readOnly": True},
}
_ALWAYS = (
    "entitlementName",
    "licenseId",
    "licenseSlug",
    "createdBy",
    "createdAt",
    "updatedBy",
    "updatedAt",
    "value",
)


def _value_schema(tag: str, value: Schema, **more: Schema) -> Schema:
    kind: Schema = {"type": "string", "enum": [tag]}
    return record({"type": kind, "value": value, **more}, ("type", "value"))


SCHEMAS: Mapping[str, Schema] = {
    "LicenseEntitlement": record(_PROPERTIES, _ALWAYS),
    # The slug is in the path of an update, and in the body of a create.
    "AssociateLicenseEntitlement": record(_PROPERTIES, ("entitlementSlug", "value")),
    "UpdateLicenseEntitlement": record(_PROPERTIES, ("value",)),
    "PageLicenseEntitlement": page_schema("LicenseEntitlement"),
    "NumberEntitlementValue": _value_schema(
        "number",
        {"type": "number", "format": "double"},
        event_count={"type": "integer", "format": "int32", "readOnly": True},
    ),
    "BooleanEntitlementValue": _value_schema("boolean", {"type": "boolean"}),
    "ConfigEntitlementValue": _value_schema(
        "object", {"type": "object", "additionalProperties": {}}
    ),
}
