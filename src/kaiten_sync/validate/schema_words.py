"""What a schema's complaint means, in words for the person who wrote the file.

The schema carries some words itself: `errorMessage` and `patternErrorMessage`, which editors
show too, and `x-rule`, the rule's name where the keyword alone does not determine it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.meant import (
    EXTENDS_GOES,
    NO_SPACE,
    SLUG_LENGTHS,
    choice_hint,
    extends_hint,
    field_hint,
    grant_hint,
    number_hint,
    slug_meant,
    text_hint,
    truth_hint,
)
from kaiten_sync.kinds.spec import EXTENDS
from kaiten_sync.licensing import unit_fields
from kaiten_sync.model.diagnostic import Diagnostic

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TYPE_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}
_RULES = {
    "type": "wrong-type",
    "enum": "unknown-value",
    "pattern": "bad-format",
    "minLength": "text-length",
    "maxLength": "text-length",
}
_LONGEST_REPEATED = 40
"""Characters. A longer text is no name."""
_UNIT_WORDS = frozenset({"unit", "units", "unitname", "measure"})
_FEW = 10
"""Names that a hint repeats."""
_ANY_RANGE = "out-of-range"


def known_fields(error: ValidationError) -> Collection[str]:
    """The fields of the map that has one too many."""
    fields: Mapping[str, Any] = _schema(error)["properties"]
    return fields.keys()


def describe_unknown(key: str, error: ValidationError) -> Diagnostic:
    """A key that the schema does not know."""
    known, instance = known_fields(error), cast("Mapping[str, Any]", error.instance)
    hint = field_hint(key, known)
    if hint is None and key.lower() in _UNIT_WORDS:
        unit = _short_text(instance[key]) or "call"
        hint = f"an entitlement declares its unit: {unit_fields(unit)}"
    hint = hint or _deeper(key, _schema(error)["properties"])
    where = "grants go below `entitlements:`; " if EXTENDS in known else ""
    hint = hint or did_you_mean(key, known) or f"{where}known here: {', '.join(known)}"
    return Diagnostic(rule="unknown-field", message=f"unknown field '{key}'", hint=hint)


def _deeper(key: str, fields: Mapping[str, Any]) -> str | None:
    """Where a field belongs that is a level too high."""
    for name, schema in fields.items():
        each = schema.get("additionalProperties")
        inside = each.get("properties", {}) if isinstance(each, Mapping) else {}
        if key in schema.get("properties", {}):
            return f"`{key}` goes below `{name}:`"
        if key in inside:
            return f"`{key}` goes below a name, and that below `{name}:`"
    return None


def describe_null(path: tuple[str | int, ...], line: str) -> Diagnostic:
    """A null instead of a value, which this line seems to have."""
    is_comment = f"{path[-1]}: #" in line
    return Diagnostic(
        rule="null-field",
        message=f"`{path[-1]}` cannot be null",
        hint="quote the value if it begins with '#', which begins a comment"
        if is_comment
        else "give it a value, or remove the line",
    )


def describe_value(error: ValidationError, path: tuple[str | int, ...]) -> Diagnostic:
    """A value that the schema refuses."""
    schema = _schema(error)
    keyword = str(error.validator)
    own = schema.get("errorMessage" if keyword == "type" else "patternErrorMessage")
    if keyword == "maxLength" and "minLength" not in schema:
        own = None  # its words are about the form alone
    has_own_rule = "x-rule" in schema and (keyword not in ("type", "maxLength") or own is not None)
    rule = str(schema["x-rule"]) if has_own_rule else _RULES.get(keyword, _ANY_RANGE)
    name = f"`{path[-1]}`" if path else "the catalog"
    if path and isinstance(path[-1], int):
        name = f"an element of `{path[-2]}`"
    message = str(own or _message(keyword, schema, name))
    return Diagnostic(rule=rule, message=message, hint=_hint(rule, error, path))


def _hint(rule: str, error: ValidationError, path: tuple[str | int, ...]) -> str | None:
    match rule:
        case "unknown-value":
            choices = [each for each in _schema(error)["enum"] if isinstance(each, str)]
            word = error.instance
            if not isinstance(word, str):
                return None
            return choice_hint(word, choices) or did_you_mean(word, choices)
        case "bad-grant":
            return EXTENDS_GOES if path[-1:] == (EXTENDS,) else grant_hint(error.instance)
        case "bad-slug":
            if EXTENDS in path[-2:]:
                return extends_hint(error.instance)
            if not isinstance(error.instance, str):
                return _slug_in(error.instance)
            if re.search(r":[{\[]", error.instance):
                return NO_SPACE
            slug = slug_meant(error.instance)
            return f"did you mean '{slug}'?" if len(slug) in SLUG_LENGTHS else None
        case "wrong-type":
            return _type_hint(error, path)
    return None


def _slug_in(value: object) -> str | None:
    """What to write for an object of the API in place of its slug."""
    slug = value.get("slug") if isinstance(value, dict) else None
    return f"write its slug alone: {slug}" if isinstance(slug, str) else None


def _type_hint(error: ValidationError, path: tuple[str | int, ...]) -> str | None:
    """What to write in place of a value of another type."""
    types = _schema(error).get("type", ())
    wanted = _listed(types)
    value, text = error.instance, _short_text(error.instance)
    if "object" in wanted:
        return _map_hint(value, text, path, _schema(error).get("properties", {}))
    if "array" in wanted and isinstance(value, dict):
        return f"write a list: [{', '.join(map(str, value))}]" if len(value) < _FEW else None
    if text and "array" in wanted:
        return f"write a list: [{', '.join(map(slug_meant, text.split(',')))}]"
    if "boolean" in wanted:
        return truth_hint(value)
    if "string" in wanted:
        return text_hint(value)
    is_percent = str(path[-1]).endswith("Percent")
    return number_hint(value, is_percent=is_percent) if {"integer", "number"} & {*wanted} else None


def _map_hint(
    value: object, text: str, path: tuple[str | int, ...], fields: Mapping[str, Any]
) -> str | None:
    """What to write in place of something that is not a map."""
    if isinstance(value, list):
        return "write each as `slug: value`, without the dash or the brackets"
    if not path:
        return "begin with `version: 1`"
    if path[-1] in fields:
        return f"`{path[-1]}` is a field: write it below a slug, and indent it more than the slug"
    if text and "url" in fields:
        return f"write a map: {{url: {text}}}"
    if text and re.search(r"\b[a-zA-Z]+:(?!//)\S", text):
        return "write a space after each ':'"
    if text and re.search(r"\b[a-zA-Z]+ ?= ?\S", text):
        return "write ':' with a space behind it, not '='"
    if text and "name" in fields:
        return f"write a map: {{name: {text}}}"
    return f"write each {'field' if 'name' in fields else 'slug'} below it, with its value"


def _short_text(value: object) -> str:
    """A text that a hint can repeat; empty for everything else."""
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= _LONGEST_REPEATED else ""


def _listed(types: str | list[str]) -> list[str]:
    return [types] if isinstance(types, str) else types


def _message(keyword: str, schema: Mapping[str, Any], name: str) -> str:
    match keyword:
        case "type":
            words = [_TYPE_WORDS[each] for each in _listed(schema["type"]) if each != "null"]
            return f"{name} must be {' or '.join(words)}"
        case "enum":
            choices = [str(choice) for choice in schema["enum"] if choice is not None]
            return f"{name} must be one of {', '.join(choices)}"
        case "minLength" | "maxLength":
            least, most = schema.get("minLength"), schema.get("maxLength")
            if most is None:
                return f"{name} must have at least {least} character"
            length = most if least is None else f"{least} to {most}"
            return f"{name} must have {'at most ' if least is None else ''}{length} characters"
        case "minimum" | "maximum" | "exclusiveMinimum":
            if "exclusiveMinimum" in schema:
                return f"{name} must be more than {schema['exclusiveMinimum']}"
            least, most = schema.get("minimum"), schema.get("maximum")
            bounds = f"at least {least}" if most is None else f"from {least} to {most}"
            return f"{name} must be {bounds}"
        case _:
            return f"{name} does not have the form that is asked for"


def _schema(error: ValidationError) -> Mapping[str, Any]:
    """The subschema whose keyword failed. jsonschema's types allow `true` here; ours has none."""
    return error.schema if isinstance(error.schema, Mapping) else {}
