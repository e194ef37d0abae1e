"""Schemas of entitlements."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.domain.entitlements import ICON_PATTERN
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import (
    NULLABLE_TEXT,
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READABLE,
    SLUG,
    record,
    ref,
)

_LABEL: Schema = {**READABLE, "maxLength": 100}

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "examples": ["API Calls"]},
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
        "patternErrorMessage": "expected the name of an icon, such as lucide:rocket",
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
    # Without `description`, which the getting-started page leaves out; and without `type`, whose
    # absence has a refusal of its own in the API.
    "CreateEntitlement": record(_PROPERTIES, ("name",)),
    "UpdateEntitlement": record(_PROPERTIES, ("name", "description")),
    "PageEntitlement": page_schema("Entitlement"),
}
