"""Schemas of licenses."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import (
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READABLE,
    SLUG,
    record,
)

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "maxLength": 100, "examples": ["Growth"]},
    "description": {"type": "string", "maxLength": 500},
    "slug": SLUG,
    "type": {"type": "string", "enum": ["DEVELOPMENT", "TRIAL", "PAID", "COMMUNITY"]},
    "familyId": {
        "type": "string",
        "description": "Family of this version. On create: the family that gets a new version.",
    },
    "familySlug": {
        **SLUG,
        "writeOnly": True,
        "description": "On create: the family that gets a new version. Never returned.",
    },
    "version": {
        "type": "string",
        "description": "Number within the family, assigned by the server."
        " Accepted only where it says what the server says.",
        "examples": ["1"],
    },
    "versionName": {"type": "string", "maxLength": 50, "examples": ["Winter 2026"]},
    "lifecycleState": {
        "type": "string",
        "enum": ["DRAFT", "PUBLISHED", "ARCHIVED"],
        "description": "On create DRAFT or PUBLISHED, and PUBLISHED when left out;"
        " changes through publish, archive and unarchive.",
    },
    "isDefault": {
        "type": "boolean",
        "description": "Whether its family puts this version forward.",
    },
    "isActive": {
        "type": "boolean",
        "description": "Stored and returned. Known to the getting-started generation only.",
    },
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}
_ALWAYS = (
    "id",
    "name",
    "description",
    "type",
    "version",
    "isDefault",
    "createdAt",
    "updatedAt",
)

SCHEMAS: Mapping[str, Schema] = {
    # A create needs less than the contract says, as the getting-started page leaves it out (ADR
    # 6). An update needs all of it, since a PUT resets what it leaves out.
    "License": record(_PROPERTIES, _ALWAYS),
    "CreateLicense": record(_PROPERTIES, ("name", "type")),
    "UpdateLicense": record(_PROPERTIES, ("name", "description", "type", "isDefault")),
    "PageLicense": page_schema("License"),
}
