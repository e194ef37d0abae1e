"""Values of fields: which fit a type, and the one spelling in which they are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec, FieldType
from kaiten_sync.model.address import is_slug
from kaiten_sync.model.value import (
    ABSENT,
    UNLIMITED,
    UNLIMITED_WIRE,
    Absent,
    Fields,
    Json,
    is_number,
    is_same,
)

TYPE_WORDS: Mapping[FieldType, str] = {
    FieldType.TEXT: "a text",
    FieldType.SLUG: "a slug",
    FieldType.INTEGER: "a whole number",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.ENUM: "a text",
    FieldType.SLUGS: "a list of slugs",
    FieldType.JSON: "a JSON value",
    FieldType.GRANT_VALUE: "a number, `unlimited`, true or false, or an object",
}
"""What a value of each type is called. A server may know more choices of an enum than we do."""


_SPELLED_ONE_WAY = frozenset({bool, int, str, type(None)})
"""Most values: asking for their type first takes a third of the time of a match."""

_SAME_IN_EVERY_FIELD = frozenset({bool, str, type(None)})
"""Values that no type of field spells in another way."""


def fits(spec: FieldSpec, value: object) -> bool:
    """Whether a value out of JSON that is not null has the type of a field."""
    if type(value) in _FITTING_TYPES.get(spec.type, ()):
        return True
    is_fitting = _FITTING_VALUES.get(spec.type)
    return is_fitting is not None and is_fitting(value)


def normal_value(spec: FieldSpec, value: Json) -> Json:
    """One value in the spelling that comparisons use."""
    if type(value) in _SAME_IN_EVERY_FIELD:
        return value
    if spec.is_set and isinstance(value, list | tuple):
        # The server returns sets in an order of its own, which changes from one answer to the
        # next.
        return sorted({str(item) for item in value})
    return declared_value(spec, value)


def declared_value(spec: FieldSpec, value: Json) -> Json:
    """A declared value in the spelling that the digest of a declaration is made of.

    It keeps the order in which a set was written, as the digests of earlier plans do.
    """
    if type(value) in _SAME_IN_EVERY_FIELD:
        return value
    # A declaration may use the API's -1. In plans and reports there is one word for it.
    if value == UNLIMITED_WIRE and spec.type is FieldType.GRANT_VALUE and is_number(value):
        return UNLIMITED
    normal = value if type(value) is int else normal_json(value)
    return str(normal) if spec.reads_integers and is_number(normal) else normal


def tagged_value(value: Json) -> Json:
    """A grant value as it is written beside the API's tag."""
    return UNLIMITED_WIRE if value == UNLIMITED else value


def normal_json(value: Json) -> Json:
    """JSON with one spelling per number: the server keeps float64, so 1000.0 is 1000."""
    if type(value) in _SPELLED_ONE_WAY:
        return value
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: normal_json(item) for key, item in value.items()}
        case list() | tuple():
            return [normal_json(item) for item in value]
        case _:
            return value


def with_defaults(kind: str, fields: Fields) -> Fields:
    """An object's fields in the spelling of comparisons, what is not set with its default.

    Source: API facts, section 9.3.
    """
    full: dict[str, Json] = {}
    for name, spec in spec_of(kind).fields.items():
        value: Json | Absent = fields.get(name)
        if value is None:
            # The defaults of the fields before are seen as well: that of an anchor depends on the
            # period.
            value = spec.default({**fields, **full})
        if value is not ABSENT:
            full[name] = normal_value(spec, value)
    return full


def declared_form(kind: str, fields: Fields) -> dict[str, Json]:
    """The declared fields of an object, of `declared_value`, as fingerprints are made of them."""
    form = dict(fields.items())
    for spec in spec_of(kind).sets:
        if spec.name in form:
            form[spec.name] = normal_value(spec, form[spec.name])
    return form


def followed(kind: str, before: Fields, change: Fields) -> dict[str, Json]:
    """The fields of an object after a change, with those that the server changes along.

    A field that has its default, which depends on other fields, keeps having it: the overage of a
    limit that becomes a number. A field that is not known stays unknown.
    """
    after = {**before, **change}
    for spec in spec_of(kind).implied:
        if spec.name in before.keys() - change.keys():
            usual = spec.default(after)
            if is_same(before[spec.name], spec.default(before)) and usual is not ABSENT:
                after[spec.name] = usual
    return after


def _is_slug(value: object) -> bool:
    return isinstance(value, str) and is_slug(value)


_FITTING_TYPES: Mapping[FieldType, frozenset[type]] = {
    FieldType.TEXT: frozenset({str}),
    FieldType.INTEGER: frozenset({int}),
    FieldType.NUMBER: frozenset({int, float}),
    FieldType.BOOLEAN: frozenset({bool}),
    FieldType.ENUM: frozenset({str}),
    FieldType.GRANT_VALUE: frozenset({int, float, bool, dict}),
}
"""Types of which every value fits: of most values nothing else has to be asked."""

_FITTING_VALUES: Mapping[FieldType, Callable[[object], bool]] = {
    FieldType.SLUG: _is_slug,
    FieldType.INTEGER: lambda value: isinstance(value, float) and value.is_integer(),
    FieldType.SLUGS: lambda value: isinstance(value, list) and all(map(_is_slug, value)),
    FieldType.JSON: lambda _value: True,
    FieldType.GRANT_VALUE: lambda value: value == UNLIMITED,
}
"""Which values of other types fit as well."""
