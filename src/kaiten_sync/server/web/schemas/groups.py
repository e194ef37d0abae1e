"""Schemas of entitlement groups."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import (
    NULLABLE_TEXT,
    READ_ONLY_ID,
    READABLE,
    SLUG,
    record,
)

_PROPERTIES: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "examples": ["AI Quotas"]},
    "description": NULLABLE_TEXT,
    "slug": SLUG,
}

SCHEMAS: Mapping[str, Schema] = {
    "EntitlementGroup": record(_PROPERTIES, ("id", "name", "description")),
    "CreateEntitlementGroup": record(_PROPERTIES, ("name",)),
    "UpdateEntitlementGroup": record(_PROPERTIES, ("name", "description")),
    "PageEntitlementGroup": page_schema("EntitlementGroup"),
    "Command": record({"entitlementSlug": {"type": "string"}}, ("entitlementSlug",)),
}
