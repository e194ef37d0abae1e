"""Checks requests against the schemas of our own OpenAPI document.

The document and the check are the same data, so what is published is what is enforced. What is
read-only is taken whatever it is, and dropped, as upstream does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from kaiten_sync.server.domain.refusals import Problem, unprocessable
from kaiten_sync.server.domain.times import parse_rfc3339

Schema = Mapping[str, Any]

_MAX_PROBLEMS = 20
"""Problems in one answer. Whoever solves these sees the others with the next request."""

_MAX_SHOWN = 200
"""Characters of a wrong value that are repeated in the answer."""

_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_FORMATS = FormatChecker(formats=())
"""Formats that are checked: none but those added below."""

_LIMITS: Mapping[str, str] = {
    "minLength": "a length of at least {}",
    "maxLength": "a length of at most {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "maxItems": "at most {} items",
}
"""What a value is expected to be, by the keyword of its schema."""

_TAGGED = "tagged"
"""The keyword of a tagged union here: what is sent without its tag is told how it is written."""

_POINTER = "#/components/schemas/"


@_FORMATS.checks("date-time")
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or parse_rfc3339(value) is not None


class ValueCheck:
    """Checks values against one schema, as requests have to meet it.

    A compiled validator says that a value is fine, in a sixtieth of the time; only where it does
    not, the other one looks for what is wrong.
    """

    def __init__(self, schema: Schema) -> None:
        self._thorough = Draft202012Validator(schema, format_checker=_FORMATS)
        # To Python a `$` is also before a line's end, to the compiler only at the end of the text.
        text = json.dumps(schema).replace(r'\\Z"', '$"')
        self._compiled = jsonschema_rs.Draft202012Validator(
            text, formats={"date-time": _is_moment}, validate_formats=True
        )

    def refuse(self, value: Any, place: str) -> None:
        """Refuse a value that is not as the schema wants it.

        Raises:
            RefusalError: 422 UNPROCESSABLE with what is wrong.
        """
        if self._compiled.is_valid(value):
            return
        problems: list[Problem] = []
        for error in self._thorough.iter_errors(value):
            problems += _problems(error, place)
            if len(problems) >= _MAX_PROBLEMS:
                break
        if problems:
            raise unprocessable("UNPROCESSABLE", "validation failed", problems[:_MAX_PROBLEMS])


class RequestCheck:
    """Checks values against named schemas, each compiled once."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas
        self._components = {
            "schemas": {name: _as_requests_see_it(schema) for name, schema in schemas.items()}
        }
        # Not by a reference to the schema: looking that up takes most of the time of a small body.
        self._check = cache(
            lambda name: ValueCheck(
                {**self._components["schemas"][name], "components": self._components}
            )
        )

    def body(self, name: str, value: Any) -> Any:
        """A body without what is read-only, with its times as milliseconds since 1970.

        Raises:
            RefusalError: 422 UNPROCESSABLE with everything that is wrong.
        """
        self._check(name).refuse(value, "body")
        return self._clean(self._schemas[name], value)

    def _clean(self, schema: Schema, value: Any) -> Any:
        if "$ref" in schema:
            return self._clean(self._schemas[schema["$ref"].removeprefix(_POINTER)], value)
        if "anyOf" in schema:
            is_object = isinstance(value, dict)
            branches = schema["anyOf"]
            # There are only unions of an object with something else: the check has made sure that
            # one of them fits.
            branch = next(b for b in branches if (_type_of(b) == "object") == is_object)
            return self._clean(branch, value)
        if "discriminator" in schema:
            tag = schema["discriminator"]
            return self._clean({"$ref": tag["mapping"][value[tag["propertyName"]]]}, value)
        if isinstance(value, dict) and "properties" in schema:
            properties = schema["properties"]
            return {
                name: self._clean(properties[name], item)
                for name, item in value.items()
                if not properties[name].get("readOnly")
            }
        if schema.get("format") == "date-time":
            return parse_rfc3339(value)
        is_whole = isinstance(value, float) and schema.get("type") == "integer"
        return int(value) if is_whole else value


def parameter_check(schema: Schema) -> ValueCheck:
    """The check of a query parameter's value."""
    return ValueCheck(_as_requests_see_it(schema))


def _as_requests_see_it(schema: Any) -> Any:
    """A schema as a request has to meet it.

    Read-only properties are free, int32 is a range, and a pattern means all of the text. A tagged
    union is checked by its tag and anything else that has branches by its type, so that a problem
    names what is wrong and not all branches.
    """
    if isinstance(schema, list | tuple):
        return [_as_requests_see_it(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if schema.get("readOnly"):
        return {}
    if "anyOf" in schema:
        return _by_type(schema["anyOf"])
    if "discriminator" in schema:
        return _by_tag(schema["discriminator"])
    seen = {key: _as_requests_see_it(each) for key, each in schema.items()}
    if "required" in schema and "properties" in schema:
        read_only = {n for n, each in schema["properties"].items() if each.get("readOnly")}
        # Answers always have what is read-only, and requests need not repeat it.
        seen["required"] = [name for name in schema["required"] if name not in read_only]
    if schema.get("format") == "int32":
        seen.setdefault("minimum", _INT32_MIN)
        seen.setdefault("maximum", _INT32_MAX)
    if isinstance(schema.get("pattern"), str):
        seen["pattern"] = schema["pattern"].removesuffix("$") + r"\Z"
    return seen


def _by_type(branches: Sequence[Schema]) -> Schema:
    return {
        "type": [_type_of(branch) for branch in branches],
        "allOf": [
            {"if": {"type": _type_of(branch)}, "then": _as_requests_see_it(branch)}
            for branch in branches
        ],
    }


def _type_of(branch: Schema) -> str:
    """The type of a branch; a tagged union does not say that it is an object."""
    return str(branch.get("type", "object"))


def _by_tag(discriminator: Mapping[str, Any]) -> Schema:
    name, mapping = discriminator["propertyName"], discriminator["mapping"]
    return {
        "type": "object",
        _TAGGED: name,
        "required": [name],
        "properties": {name: {"enum": sorted(mapping)}},
        "allOf": [
            # With its type, or what is not an object would fail in every branch.
            {
                "if": {"type": "object", "required": [name], "properties": {name: {"const": tag}}},
                "then": {"$ref": to},
            }
            for tag, to in mapping.items()
        ],
    }


def _problems(error: ValidationError, place: str) -> Iterator[Problem]:
    """What a validation error says, without the wrong value in its words."""
    for step in error.absolute_path:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    wanted: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            for name in instance.keys() - schema["properties"].keys():
                where = f"{place}.{name[:_MAX_SHOWN]}"
                yield Problem("unexpected property", where, _shown(instance[name]))
        case "required":
            yield Problem(error.message, place, None)
        case "type" if _TAGGED in schema:
            said = f"expected object, such as {_as_tagged(instance, schema[_TAGGED])}"
            yield Problem(said, place, _shown(instance))
        case "type":
            names = wanted if isinstance(wanted, list) else [wanted]
            yield Problem(f"expected {' or '.join(names)}", place, _shown(instance))
        case "enum":
            allowed = ", ".join(map(str, wanted))
            yield Problem(f"expected one of {allowed}", place, _shown(instance))
        case "format":
            yield Problem(f"expected {wanted} (RFC 3339)", place, _shown(instance))
        case "pattern" if "patternErrorMessage" in schema:
            yield Problem(schema["patternErrorMessage"], place, _shown(instance))
        case rule:
            said = _LIMITS.get(str(rule), f"{rule} {{}}").format(wanted)
            yield Problem(f"expected {said}", place, _shown(instance))


def _as_tagged(value: Any, tag: str) -> str:
    """A value as a tagged union has it: that which was sent bare, or else an example."""
    bare = _shown(value)
    if isinstance(bare, bool):
        return json.dumps({tag: "boolean", "value": bare})
    return json.dumps({tag: "number", "value": 1000 if isinstance(bare, str | None) else bare})


def _shown(value: Any) -> Any:
    """A wrong value as far as it is worth repeating."""
    if isinstance(value, str):
        return value[:_MAX_SHOWN]
    is_short = isinstance(value, bool | float) or (
        isinstance(value, int) and _INT32_MIN <= value <= _INT32_MAX
    )
    return value if is_short else None
