"""What a schema's complaint means, in words for the person who wrote the file.

The schema carries some words itself: `errorMessage` and `patternErrorMessage`, which editors
show too, and `x-rule`, the rule's name where the keyword alone does not determine it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

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
_MEANT = {
    "true": "true",
    "yes": "true",
    "false": "false",
    "no": "false",
    **dict.fromkeys(
        ["unlimited", "infinite", "infinity", "no limit", "none", "∞", "-1"], "unlimited"
    ),
}
"""What texts in place of a grant's value mean."""
_ANY_RANGE = "out-of-range"
_SLUG_LENGTHS = range(2, 101)


def known_fields(error: ValidationError) -> Collection[str]:
    """The fields of the map that has one too many."""
    fields: Mapping[str, Any] = _schema(error)["properties"]
    return fields.keys()


def describe_unknown(key: str, error: ValidationError) -> Diagnostic:
    """A key that the schema does not know."""
    known = known_fields(error)
    hint = _did_you_mean(key, known) or "known here: " + ", ".join(known)
    return Diagnostic(rule="unknown-field", message=f"unknown field '{key}'", hint=hint)


def describe_null(path: tuple[str | int, ...]) -> Diagnostic:
    """A null instead of a value."""
    return Diagnostic(
        rule="null-field",
        message=f"`{path[-1]}` cannot be null",
        hint="give it a value, or remove the line",
    )


def describe_value(error: ValidationError, path: tuple[str | int, ...]) -> Diagnostic:
    """A value that the schema refuses."""
    schema = _schema(error)
    keyword = str(error.validator)
    own = schema.get("errorMessage" if keyword == "type" else "patternErrorMessage")
    has_own_rule = "x-rule" in schema and (keyword != "type" or own is not None)
    rule = str(schema["x-rule"]) if has_own_rule else _RULES.get(keyword, _ANY_RANGE)
    message = str(own or _message(keyword, schema, _name(path)))
    return Diagnostic(rule=rule, message=message, hint=_hint(rule, error))


def _hint(rule: str, error: ValidationError) -> str | None:
    if rule == "unknown-value":
        return _did_you_mean(error.instance, _schema(error)["enum"])
    if rule == "bad-grant" and isinstance(error.instance, str):
        return _grant_hint(error.instance.strip())
    return _slug_hint(error.instance) if rule == "bad-slug" else None


def _grant_hint(text: str) -> str | None:
    """What a text surely means, as lists of prices and other tools write it."""
    meant = _MEANT.get(text.lower())
    if meant is None:
        return None
    return f"remove the quotes: {meant}" if text == meant else f"write {meant}"


def _slug_hint(text: object) -> str | None:
    """The slug that the text would make."""
    slug = re.sub("[^a-z0-9]+", "-", str(text).lower()).strip("-")
    return f"did you mean '{slug}'?" if len(slug) in _SLUG_LENGTHS else None


def _message(keyword: str, schema: Mapping[str, Any], name: str) -> str:
    match keyword:
        case "type":
            return f"{name} must be {_types(schema['type'])}"
        case "enum":
            choices = [str(choice) for choice in schema["enum"] if choice is not None]
            return f"{name} must be one of {', '.join(choices)}"
        case "minLength" | "maxLength":
            return f"{name} must have {_length(schema)}"
        case "minimum" | "maximum" | "exclusiveMinimum":
            return f"{name} must be {_range(schema)}"
        case _:
            return f"{name} does not have the form that is asked for"


def _name(path: tuple[str | int, ...]) -> str:
    if path and isinstance(path[-1], int):
        return f"an element of `{path[-2]}`"
    return f"`{path[-1]}`" if path else "the catalog"


def _types(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else types
    return " or ".join(_TYPE_WORDS[name] for name in names if name != "null")


def _length(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minLength"), schema.get("maxLength")
    if least is not None and most is not None:
        return f"{least} to {most} characters"
    return f"at most {most} characters" if most is not None else f"at least {least} character"


def _range(schema: Mapping[str, Any]) -> str:
    if "exclusiveMinimum" in schema:
        return f"more than {schema['exclusiveMinimum']}"
    least, most = schema.get("minimum"), schema.get("maximum")
    return f"from {least} to {most}" if most is not None else f"at least {least}"


def _did_you_mean(word: object, known: Iterable[object]) -> str | None:
    """The closest known word, letter case aside."""
    if not isinstance(word, str):
        return None
    by_lowered = {name.lower(): name for name in known if isinstance(name, str)}
    close = get_close_matches(word.lower(), sorted(by_lowered), n=1, cutoff=0.6)
    return f"did you mean '{by_lowered[close[0]]}'?" if close else None


def _schema(error: ValidationError) -> Mapping[str, Any]:
    """The subschema whose keyword failed. jsonschema's types allow `true` here; ours has none."""
    return error.schema if isinstance(error.schema, Mapping) else {}
