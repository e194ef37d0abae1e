"""Grants over HTTP: what a license holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import grants
from kaiten_sync.server.service.grants import GrantFields, GrantPage
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.grants import grant_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import ENTITLEMENT_VALUE, READ_ONLY_TIME, record, ref

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


def _fields(body: Mapping[str, Any]) -> GrantFields:
    return GrantFields(
        value=body["value"],
        entitlement_slug=body.get("entitlementSlug"),
        overage_percent=body.get("limitCapExceededOveragePercent"),
    )


def _items(found: GrantPage) -> list[dict[str, Any]]:
    return [grant_json(row, found.license, found.groups) for row in found.page.rows]


def _list(work: Work, call: Call) -> dict[str, Any]:
    position = position_of(call, "LicenseEntitlements")
    found = grants.list_grants(work, call.path["licenseSlug"], position, call.query["limit"])
    return page_body(_items(found), found.page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    path = call.path
    return _items(grants.get_grant(work, path["licenseSlug"], path["entitlementSlug"]))[0]


def _add(work: Work, call: Call) -> None:
    grants.add_grant(work, call.path["licenseSlug"], _fields(call.body))


def _update(work: Work, call: Call) -> None:
    path = call.path
    grants.update_grant(work, path["licenseSlug"], path["entitlementSlug"], _fields(call.body))


def _remove(work: Work, call: Call) -> None:
    grants.remove_grant(work, call.path["licenseSlug"], call.path["entitlementSlug"])


_ALL = "/licenses/{licenseSlug}/entitlements"
_ONE = "/licenses/{licenseSlug}/entitlements/{entitlementSlug}"
_READ, _WRITE = "read:licenses", "write:licenses"

OPERATIONS = (
    Operation(
        id="get-license-entitlements",
        method="GET",
        path=_ALL,
        tag="licenses",
        summary="List what a license grants",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageLicenseEntitlement",
        query=PAGING,
        refusals=(400, 404),
    ),
    Operation(
        id="associate-entitlement-with-license",
        method="POST",
        path=_ALL,
        tag="licenses",
        summary="Grant an entitlement with a license",
        scope=_WRITE,
        handler=_add,
        status=204,
        body="AssociateLicenseEntitlement",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="get-license-entitlement",
        method="GET",
        path=_ONE,
        tag="licenses",
        summary="Get one grant of a license",
        scope=_READ,
        handler=_get,
        status=200,
        answer="LicenseEntitlement",
        refusals=(404,),
    ),
    Operation(
        id="update-license-entitlement",
        method="PUT",
        path=_ONE,
        tag="licenses",
        summary="Update one grant of a license",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="UpdateLicenseEntitlement",
        refusals=(400, 404),
    ),
    Operation(
        id="delete-license-entitlement",
        method="DELETE",
        path=_ONE,
        tag="licenses",
        summary="Take one grant from a license",
        scope=_WRITE,
        handler=_remove,
        status=204,
        refusals=(400, 404),
    ),
)
