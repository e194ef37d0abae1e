"""Schemas that more than one resource uses. Source of all names: the 1.0 contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.server.domain.readable import READABLE_PATTERN
from kaiten_sync.server.domain.slugs import MAX_LENGTH, SLUG_PATTERN
from kaiten_sync.server.web.check import Schema

SLUG: Schema = {
    "type": "string",
    "minLength": 2,
    "maxLength": MAX_LENGTH,
    "pattern": SLUG_PATTERN,
    "patternErrorMessage": "expected lower-case letters, digits and hyphens, such as basic-plan",
    "description": "URL-friendly identifier, unique per organization."
    " Made from the name when left out; never changes.",
    "examples": ["basic-plan"],
}
READ_ONLY_ID: Schema = {"type": "string", "readOnly": True, "description": "Unique identifier"}
READ_ONLY_TIME: Schema = {
    "type": "string",
    "format": "date-time",
    "readOnly": True,
    "examples": ["2026-01-31T12:00:00.123Z"],
}
READABLE: Schema = {
    "type": "string",
    "minLength": 1,
    "pattern": READABLE_PATTERN,
    "patternErrorMessage": "expected a text that is not blank",
}
NULLABLE_TEXT: Schema = {"type": ["string", "null"], "description": "Free text"}


READ_ONLY_USER: Schema = {"$ref": "#/components/schemas/User", "readOnly": True}
INTEGRATIONS: Schema = {
    "type": "object",
    "additionalProperties": {},
    "description": "This server keeps no links to records in other systems: leave it out.",
}


def ref(name: str) -> Schema:
    """A reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: Mapping[str, Schema], required: Sequence[str]) -> dict[str, Any]:
    """The schema of an object that has no other properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": dict(properties),
        "required": list(required),
    }


ENTITLEMENT_VALUE: Schema = {
    "description": "A number, a boolean or an object, tagged with its type.",
    "discriminator": {
        "propertyName": "type",
        "mapping": {
            "number": "#/components/schemas/NumberEntitlementValue",
            "boolean": "#/components/schemas/BooleanEntitlementValue",
            "object": "#/components/schemas/ConfigEntitlementValue",
        },
    },
    "oneOf": [
        ref("NumberEntitlementValue"),
        ref("BooleanEntitlementValue"),
        ref("ConfigEntitlementValue"),
    ],
}

GROUP_SUMMARY = record(
    {"id": {"type": "string"}, "name": {"type": "string"}, "slug": {"type": "string"}},
    ("id", "name", "slug"),
)
USER = record({"id": {"type": "string"}, "name": {"type": "string"}}, ("id",))

PROBLEM: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri", "default": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "format": "int64"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "Stable, machine-readable error code."},
        "errorId": {"type": "string"},
        "errors": {"type": ["array", "null"], "items": ref("ErrorDetail")},
    },
}
ERROR_DETAIL: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "message": {"type": "string"},
        "location": {"type": "string"},
        "value": {"description": "The value at the given location"},
    },
}

SCHEMAS: Mapping[str, Schema] = {
    "EntitlementGroupSummary": GROUP_SUMMARY,
    "User": USER,
    "Problem": PROBLEM,
    "ErrorDetail": ERROR_DETAIL,
}
