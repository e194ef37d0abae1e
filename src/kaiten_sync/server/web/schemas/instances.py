"""Schemas of instances."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import (
    INTEGRATIONS,
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READ_ONLY_USER,
    READABLE,
    SLUG,
    record,
)

_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "format": "date-time", "examples": ["2026-10-01T12:00:00Z"]}
_STATUS: Schema = {
    "type": "string",
    "enum": ["HEALTHY", "DEGRADED", "INCIDENT", "MAINTENANCE"],
    "description": "How the instance runs. Only a PATCH changes it.",
}
_STAGE: Schema = {
    "type": "string",
    "description": "The commercial stage of the instance, in free text such as TRIAL, ACTIVE,"
    " AT_RISK or CHURNED. Only a PATCH changes it, and it cannot be cleared.",
    "examples": ["ACTIVE"],
}

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "examples": ["My Instance"]},
    "slug": {**SLUG, "description": f"{SLUG['description'].split('.')[0]}. A PUT may change it."},
    "description": _TEXT,
    "customerId": {**_TEXT, "description": "The customer who runs it"},
    "customerSlug": {**_TEXT, "readOnly": True},
    "licenseId": {
        **_TEXT,
        "description": "The license version that it has. An archived one may be kept, but"
        " not taken.",
    },
    "licenseSlug": {**_TEXT, "readOnly": True},
    "startLicenseDate": _MOMENT,
    "endLicenseDate": _MOMENT,
    "metadata": {"type": "object", "additionalProperties": {}, "examples": [{"region": "eu"}]},
    "deploymentZoneId": {**_TEXT, "description": "This server has no zones: leave it out."},
    "deploymentZoneSlug": {**_TEXT, "readOnly": True},
    "integrations": INTEGRATIONS,
    "status": {**_STATUS, "readOnly": True},
    "lifecycleStage": {**_STAGE, "readOnly": True},
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "updatedBy": READ_ONLY_USER,
    "updatedAt": READ_ONLY_TIME,
}
_NEEDED = (
    "name",
    "description",
    "customerId",
    "licenseId",
    "startLicenseDate",
    "endLicenseDate",
)

SCHEMAS: Mapping[str, Schema] = {
    "Instance": record(
        _PROPERTIES,
        (
            "id",
            "createdBy",
            "createdAt",
            "updatedBy",
            "updatedAt",
            "customerSlug",
            "licenseSlug",
            *_NEEDED,
        ),
    ),
    "WriteInstance": record(_PROPERTIES, _NEEDED),
    # The two properties that are read-only in a PUT.
    "PatchInstanceBody": record({"status": _STATUS, "lifecycleStage": {**_STAGE, **READABLE}}, ()),
    "PageInstance": page_schema("Instance"),
}
