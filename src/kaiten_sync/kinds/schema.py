"""The JSON Schema of a catalog file, from the tables. `make docs` writes it into `schemas/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.kinds.registry import all_kinds, child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import EXTENDS, FieldSpec, FieldType, KindSpec

_SLUG = {"$ref": "#/$defs/slug"}
_QUANTITY = (
    "^(unlimited|[0-9]{1,3}(_[0-9]{3})+"
    "|([0-9]{1,3}(_[0-9]{3})+|[0-9]+)(\\.[0-9]+)? ?[^\\s0-9_.,'/:;+*-].*)$"
)
"""`unlimited` and numbers as text: with separators, or with a prefix or unit. Whether the unit is
declared is beyond a schema."""
_SLUG_FORM = {
    "pattern": "^[a-z0-9][a-z0-9-]{0,98}[a-z0-9]$",
    "x-rule": "bad-slug",
    "patternErrorMessage": "a slug has 2 to 100 lower-case letters, digits and hyphens,"
    " with no hyphen at either end",
    "errorMessage": "a slug must be a text",
}
_TYPES: Mapping[FieldType, list[str]] = {
    FieldType.TEXT: ["string"],
    FieldType.SLUG: ["string"],
    FieldType.ENUM: ["string"],
    FieldType.INTEGER: ["integer"],
    FieldType.NUMBER: ["number"],
    FieldType.BOOLEAN: ["boolean"],
    FieldType.SLUGS: ["array"],
    FieldType.JSON: ["number", "boolean", "string", "object", "array"],
    FieldType.GRANT_VALUE: ["number", "boolean", "string", "object"],
}
"""The JSON types of each type of field."""


def catalog_schema() -> dict[str, Any]:
    """The schema of a catalog with every registered kind."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:kaiten-sync:schema:catalog:1",
        "title": "kaiten-sync catalog",
        "description": "A licensing catalog: entitlement groups, entitlements, and licenses with"
        " what they grant. An overlay has the same shape.",
        "type": "object",
        "required": ["version"],
        "additionalProperties": False,
        "properties": {
            "version": {
                "description": "The version of this file format.",
                "const": 1,
                "examples": [1],
            },
            **{spec.section: _section(spec, ["object"]) for spec in top_kinds()},
            **{spec.bundles: _bundles(spec) for spec in all_kinds() if spec.bundles},
        },
        "$defs": {
            "slug": {
                "description": "The name of an object for machines: lower-case letters, digits and"
                " hyphens, 2 to 100 characters. It never changes.",
                "type": "string",
                **_SLUG_FORM,
                "examples": ["growth", "api-calls"],
            },
            **{spec.kind: _object(spec) for spec in all_kinds()},
        },
    }


def _section(spec: KindSpec, types: list[str]) -> dict[str, Any]:
    """A map from slugs to objects of a kind."""
    return {
        "description": spec.section_description,
        "type": _one_or_list(types),
        "propertyNames": _SLUG,
        "additionalProperties": {"$ref": f"#/$defs/{spec.kind}"},
        **spec.section_words,
        "examples": list(spec.section_examples),
    }


def _bundles(spec: KindSpec) -> dict[str, Any]:
    """A map from slugs to bundles of objects of a kind."""
    examples = [{spec.section: each} for each in spec.section_examples]
    # A bundle takes others by the same note as the parents that inherit its objects.
    # A generator: the first parent that has the note is enough, since all of them share it.
    notes = (note for parent in spec.parents for note in spec_of(parent).keys)
    return {
        "description": f"Sets of {spec.plural} that are not sold themselves. Others take them with"
        " `extends`.",
        "type": "object",
        "propertyNames": _SLUG,
        "errorMessage": f"`{spec.bundles}` must be a map from slugs to bundles",
        "additionalProperties": {
            "description": f"A set of {spec.plural}. It is never sent to a server.",
            "type": ["object", "null"],
            "additionalProperties": False,
            "errorMessage": f"a bundle must be a map with `{spec.section}`",
            "properties": {
                EXTENDS: _field(next(note for note in notes if note.name == EXTENDS)),
                spec.section: _section(spec, ["object", "null"]),
            },
            "examples": examples,
        },
        "examples": [{"basics": each} for each in examples],
    }


def _object(spec: KindSpec) -> dict[str, Any]:
    """One object: a map, or the bare value of the field that may be written instead."""
    bare = spec.fields.get(spec.shorthand)
    types, form = _type_and_form(bare) if bare is not None else ([], {})
    return {
        "description": spec.description,
        "type": list(dict.fromkeys([*types, "object", "null"])),
        **form,
        "additionalProperties": False,
        **spec.words,
        "properties": {
            **{field.name: _field(field) for field in spec.keys if field.is_declared},
            **{c.section: _section(c, ["object", "null"]) for c in child_kinds(spec.kind)},
        },
        "examples": list(spec.examples),
    }


def _field(field: FieldSpec) -> dict[str, Any]:
    null = ["null"] if field.takes_null else []
    if field.type is FieldType.ENUM:
        form: dict[str, Any] = {"enum": [*field.choices, *([None] if field.takes_null else [])]}
    elif field.type is FieldType.SLUG and not field.takes_null:
        form = dict(_SLUG)
    else:
        types, form = _type_and_form(field)
        form = {"type": _one_or_list([*types, *null]), **form}
    return {
        "description": field.description,
        **form,
        **field.limits,
        **field.words,
        "examples": list(field.examples or field.choices),
    }


def _type_and_form(field: FieldSpec) -> tuple[list[str], dict[str, Any]]:
    """The JSON types of a value that is not null, and what else its type asks for."""
    types = [*_TYPES[field.type], *(["integer"] if field.reads_integers else [])]
    match field.type:
        case FieldType.SLUG:
            return types, dict(_SLUG_FORM)
        case FieldType.ENUM:
            return types, {"enum": list(field.choices)}
        case FieldType.SLUGS:
            if field.reads_one:
                return ["string", *types], {"items": _SLUG, **_SLUG_FORM}
            return types, {"items": _SLUG}
        case FieldType.GRANT_VALUE:
            return types, {"pattern": _QUANTITY}
    return types, {}


def _one_or_list(types: list[str]) -> str | list[str]:
    return types[0] if len(types) == 1 else types
