"""Entitlements over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.domain.entitlements import ICON_PATTERN, EntitlementFields
from kaiten_sync.server.service import entitlements
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.entitlements import COLUMNS, entitlement_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import (
    NULLABLE_TEXT,
    READ_ONLY_ID,
    READ_ONLY_TIME,
    SLUG,
    record,
    ref,
)

_LABEL: Schema = {"type": "string", "minLength": 1, "maxLength": 100}

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {"type": "string", "minLength": 1, "examples": ["API Calls"]},
    "description": NULLABLE_TEXT,
    "slug": SLUG,
    "type": {
        "type": "string",
        "enum": ["BOOLEAN", "NUMBER", "CONFIG", "NUMBER_AI_CREDIT"],
        "description": "Type of the entitlement. Needed on create; never changes.",
    },
    "meterType": {
        "type": "string",
        "enum": ["CALCULATED_USAGE", "RAW_EVENT"],
        "description": "How usage is measured. Known to the getting-started generation only.",
    },
    "aggregationMethod": {
        "type": "string",
        "enum": ["COUNT", "SUM", "AVERAGE", "MIN", "MAX", "LATEST"],
        "description": "How reported values are folded (NUMBER only). SUM when left out.",
    },
    "resetPeriod": {
        "type": "string",
        "enum": ["HOUR", "DAY", "WEEK", "MONTH", "YEAR"],
        "description": "When usage starts again at zero. Never changes once set.",
    },
    "resetAnchor": {
        "type": "string",
        "enum": ["CALENDAR", "LICENSE_START"],
        "description": "What the reset period counts from. CALENDAR when left out.",
    },
    "warningThresholdPercent": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "maximum": 100,
        "description": "Percentage of the cap at which a warning is emitted; 0 is never.",
    },
    "userFacing": {"type": "boolean", "description": "Whether customers see it."},
    "displayOrder": {
        "type": "integer",
        "format": "int32",
        "minimum": 0,
        "description": "Sort order where customers see it.",
    },
    "icon": {
        "type": "string",
        "maxLength": 64,
        "pattern": ICON_PATTERN,
        "examples": ["lucide:rocket"],
    },
    "unitSingular": {**_LABEL, "examples": ["seat"]},
    "unitPlural": {**_LABEL, "examples": ["seats"]},
    "saleUnitSingular": {**_LABEL, "examples": ["pack"]},
    "saleUnitPlural": {**_LABEL, "examples": ["packs"]},
    "saleUnitFactor": {
        "type": "number",
        "format": "double",
        "exclusiveMinimum": 0,
        "description": "How many base units one sale unit is.",
    },
    "groupSlugs": {
        "type": ["array", "null"],
        "items": {"type": "string"},
        "writeOnly": True,
        "description": "Groups of the entitlement. Left out on update: unchanged.",
    },
    "entitlementGroups": {
        "type": ["array", "null"],
        "items": ref("EntitlementGroupSummary"),
        "readOnly": True,
    },
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "Entitlement": record(_PROPERTIES, ("id", "name", "description", "createdAt", "updatedAt")),
    "CreateEntitlement": record(_PROPERTIES, ("name",)),
    "UpdateEntitlement": record(_PROPERTIES, ("name", "description")),
    "PageEntitlement": page_schema("Entitlement"),
}


def _fields(body: Mapping[str, Any]) -> EntitlementFields:
    named = {column: body[name] for name, column in COLUMNS.items() if name in body}
    slugs = body.get("groupSlugs")
    return EntitlementFields(**named, group_slugs=None if slugs is None else tuple(slugs))


def _list(work: Work, call: Call) -> dict[str, Any]:
    position = position_of(call, "Entitlements")
    found = entitlements.list_entitlements(work, position, call.query["limit"])
    items = [entitlement_json(row, found.groups.get(row.id, [])) for row in found.page.rows]
    return page_body(items, found.page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return entitlement_json(*entitlements.get_entitlement(work, call.path["entitlementSlug"]))


def _create(work: Work, call: Call) -> dict[str, Any]:
    return entitlement_json(*entitlements.create_entitlement(work, _fields(call.body)))


def _update(work: Work, call: Call) -> None:
    entitlements.update_entitlement(work, call.path["entitlementSlug"], _fields(call.body))


def _delete(work: Work, call: Call) -> None:
    entitlements.delete_entitlement(work, call.path["entitlementSlug"])


_ALL = "/entitlements"
_ONE = "/entitlements/{entitlementSlug}"
_READ, _WRITE = "read:entitlements", "write:entitlements"

OPERATIONS = (
    Operation(
        id="list-entitlements",
        method="GET",
        path=_ALL,
        tag="entitlements",
        summary="List all entitlements",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageEntitlement",
        query=PAGING,
        refusals=(400,),
    ),
    Operation(
        id="create-entitlement",
        method="POST",
        path=_ALL,
        tag="entitlements",
        summary="Create a new entitlement",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="Entitlement",
        body="CreateEntitlement",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="get-entitlement",
        method="GET",
        path=_ONE,
        tag="entitlements",
        summary="Get entitlement by slug",
        scope=_READ,
        handler=_get,
        status=200,
        answer="Entitlement",
        refusals=(404,),
    ),
    Operation(
        id="update-entitlement",
        method="PUT",
        path=_ONE,
        tag="entitlements",
        summary="Update an entitlement",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="UpdateEntitlement",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="delete-entitlement",
        method="DELETE",
        path=_ONE,
        tag="entitlements",
        summary="Delete an entitlement that no license grants",
        scope=_WRITE,
        handler=_delete,
        status=204,
        refusals=(400, 404, 409),
    ),
)
