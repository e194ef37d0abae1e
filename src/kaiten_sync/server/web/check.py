"""Checks a value against a schema of our own OpenAPI document.

The document and the check are the same data, so what is published is what is enforced. This
knows the part of JSON Schema that the schemas in `web/api/` use, and no more. What is read-only
is dropped from a request, as upstream does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kaiten_sync.server.domain.refusals import Fault, unprocessable

Schema = Mapping[str, Any]

_MAX_FAULTS = 20
_MAX_SHOWN = 200
"""Characters of a wrong value that are repeated in the answer."""

_INT32 = range(-(2**31), 2**31)


def check(schema: Schema, value: Any, schemas: Mapping[str, Schema], place: str = "body") -> Any:
    """The value without what is read-only.

    Raises:
        RefusalError: 422 UNPROCESSABLE with everything that is wrong.
    """
    faults: list[Fault] = []
    cleaned = _Check(schemas, faults).value(schema, value, place)
    if faults:
        raise unprocessable("UNPROCESSABLE", "validation failed", faults[:_MAX_FAULTS])
    return cleaned


class _Check:
    """One walk through a value; collects what is wrong."""

    def __init__(self, schemas: Mapping[str, Schema], faults: list[Fault]) -> None:
        self._schemas = schemas
        self._faults = faults

    def value(self, schema: Schema, value: Any, place: str) -> Any:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        if "oneOf" in schema:
            return self._tagged(schema, value, place)
        wrong = _type_fault(schema, value)
        if wrong is not None:
            self._fault(wrong, place, value)
            return value
        for message in _messages(schema, value):
            self._fault(message, place, value)
        if isinstance(value, dict):
            return self._object(schema, value, place)
        if isinstance(value, list) and "items" in schema:
            return [
                self.value(schema["items"], item, f"{place}[{index}]")
                for index, item in enumerate(value)
            ]
        if isinstance(value, float) and schema.get("type") == "integer":
            return int(value)
        return value

    def _tagged(self, schema: Schema, value: Any, place: str) -> Any:
        discriminator = schema["discriminator"]
        tag = value.get(discriminator["propertyName"]) if isinstance(value, dict) else None
        target = discriminator["mapping"].get(tag) if isinstance(tag, str) else None
        if target is None:
            tags = ", ".join(sorted(discriminator["mapping"]))
            self._fault(f"expected an object whose type is one of {tags}", place, value)
            return value
        return self.value({"$ref": target}, value, place)

    def _object(self, schema: Schema, value: dict[str, Any], place: str) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value and not properties[name].get("readOnly"):
                self._fault(f"expected required property {name} to be present", place, None)
        if "properties" not in schema:
            return value
        cleaned = {}
        for name, item in value.items():
            if name not in properties:
                self._fault("unexpected property", f"{place}.{name[:_MAX_SHOWN]}", item)
            elif not properties[name].get("readOnly"):
                cleaned[name] = self.value(properties[name], item, f"{place}.{name}")
        return cleaned

    def _fault(self, message: str, place: str, value: Any) -> None:
        self._faults.append(Fault(message, place, _shown(value)))


def _type_fault(schema: Schema, value: Any) -> str | None:
    wanted = schema.get("type")
    if wanted is None:
        return None
    types = [wanted] if isinstance(wanted, str) else list(wanted)
    if any(_is_of_type(value, name) for name in types):
        return None
    return f"expected {' or '.join(types)}"


def _is_of_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    match name:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        case "number":
            return isinstance(value, int | float)
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "null":
            return value is None
    return False


def _messages(schema: Schema, value: Any) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"expected one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        yield from _text_messages(schema, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number_messages(schema, value)


def _text_messages(schema: Schema, text: str) -> Iterator[str]:
    if len(text) < schema.get("minLength", 0):
        yield f"expected length >= {schema['minLength']}"
    if len(text) > schema.get("maxLength", len(text)):
        yield f"expected length <= {schema['maxLength']}"
    if "pattern" in schema and not re.fullmatch(schema["pattern"].strip("^$"), text):
        yield f"expected to match {schema['pattern']}"


def _number_messages(schema: Schema, number: float) -> Iterator[str]:
    if number < schema.get("minimum", number):
        yield f"expected number >= {schema['minimum']}"
    if number > schema.get("maximum", number):
        yield f"expected number <= {schema['maximum']}"
    if "exclusiveMinimum" in schema and number <= schema["exclusiveMinimum"]:
        yield f"expected number > {schema['exclusiveMinimum']}"
    if schema.get("format") == "int32" and int(number) not in _INT32:
        yield "expected a 32-bit integer"


def _shown(value: Any) -> Any:
    """A wrong value as far as it is worth repeating."""
    if isinstance(value, str):
        return value[:_MAX_SHOWN]
    # Asking whether a range holds anything but an integer would walk through all of it.
    is_short = isinstance(value, bool | float) or (isinstance(value, int) and value in _INT32)
    return value if is_short else None
