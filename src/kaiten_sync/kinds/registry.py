"""All kinds, by name."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.group import GROUP
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.kinds.spec import FieldSpec, Generation, KindSpec
from kaiten_sync.model.address import Kind
from kaiten_sync.model.value import ABSENT, Fields, Json

SPECS: Mapping[Kind, KindSpec] = {spec.kind: spec for spec in (GROUP, ENTITLEMENT, LICENSE, GRANT)}


def spec_of(kind: Kind) -> KindSpec:
    """The table of one kind."""
    return SPECS[kind]


def wire_fields(generation: Generation) -> Mapping[Kind, frozenset[str]]:
    """The request properties that a generation of the API is known to understand."""
    return {
        kind: frozenset(f.wire_name for f in spec.fields.values() if generation in f.generations)
        for kind, spec in SPECS.items()
    }


def with_defaults(kind: Kind, fields: Fields) -> Fields:
    """An object's fields, normalised.

    What the server leaves out is filled with its defaults, sets are sorted, and whole floats
    are written as integers.

    Source: API facts, section 9.3.
    """
    full: dict[str, Json] = {}
    for name, spec in SPECS[kind].fields.items():
        value = fields.get(name)
        if value is None:
            default = spec.default({**fields, **full})
            if default is ABSENT:
                continue
            value = default
        full[name] = normal_value(spec, value)
    return full


def declared_form(kind: Kind, fields: Fields) -> dict[str, Json]:
    """What is declared of an object in the spelling that fingerprints are made of."""
    specs = SPECS[kind].fields
    return {
        name: None if value is None else normal_value(specs[name], value)
        for name, value in fields.items()
    }


def normal_value(spec: FieldSpec, value: Json) -> Json:
    """One value in the spelling that comparisons use."""
    if spec.is_set and isinstance(value, list | tuple):
        return sorted({str(item) for item in value})
    return normal_json(value)


def normal_json(value: Json) -> Json:
    """JSON with one spelling per number: the server keeps float64, so 1000.0 is 1000."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: normal_json(item) for key, item in value.items()}
        case list() | tuple():
            return [normal_json(item) for item in value]
        case _:
            return value
