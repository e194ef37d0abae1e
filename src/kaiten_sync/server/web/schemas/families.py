"""Schemas of license families, which are only read: a family follows its versions."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Query
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import READ_ONLY_ID, READ_ONLY_TIME, record, ref

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "slug": {"type": "string", "description": "URL-friendly identifier; never changes."},
    "versionCount": {"type": "integer", "format": "int32"},
    "currentVersion": ref("License"),
    "versions": {"type": "array", "items": ref("License")},
    "createdAt": READ_ONLY_TIME,
    "updatedAt": READ_ONLY_TIME,
}

SCHEMAS: Mapping[str, Schema] = {
    "LicenseFamilyView": record(
        _PROPERTIES, ("id", "slug", "versionCount", "createdAt", "updatedAt")
    ),
    "PageLicenseFamilyView": page_schema("LicenseFamilyView"),
}

QUERY = (
    Query(
        name="version",
        schema={"type": "integer", "format": "int32", "minimum": 1},
        description="Show this version, in whatever state it is, instead of the one that is"
        " served.",
    ),
    Query(
        name="include",
        schema={"type": "array", "items": {"type": "string", "enum": ["versions"]}},
        description="'versions' adds all versions, oldest first, and shows families without a"
        " published one.",
        default=(),
    ),
)
