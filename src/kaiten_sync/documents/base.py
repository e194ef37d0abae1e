"""What all documents share: strict types, JSON both ways, and descriptions for the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import msgspec

from kaiten_sync.model.canonical import Parts
from kaiten_sync.model.value import ABSENT, Absent, Json

_Document = TypeVar("_Document", bound="JsonDocument")
_Value = TypeVar("_Value")
# The library ends its messages with the place, and readers look for it first.
_AT_PLACE = re.compile(r"(.*) - at `(key. in `)?\$?\.?(.*?)`", re.DOTALL)
_WHOLE = "the document"


class JsonDocument(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Base of all documents and their parts; docstrings become descriptions in the schemas.

    A property without a default is required. One whose default is `UNSET` may be absent, which
    differs from null.
    """

    MORE: ClassVar[Mapping[str, Json]] = {}
    """Keywords to add to the schema: rules that the types of the properties cannot express."""


def about(description: str, *examples: Json, **more: Any) -> msgspec.Meta:
    """Describe a property or a type for its schema. `more` are keywords to add to the schema."""
    return msgspec.Meta(
        description=description, examples=list(examples) or None, extra_json_schema=more or None
    )


def property_of(value: object, *, absent: Absent | None = ABSENT) -> Any:
    """The value of a property that is left out of the document if the value is `absent`."""
    # By identity: 0, "" and False are values, and are written.
    return msgspec.UNSET if value is absent else value


def value_of(found: Any, *, absent: Absent | None = ABSENT) -> Any:
    """The value of a property, `absent` if the document leaves it out."""
    return absent if found is msgspec.UNSET else found


def to_json(document: JsonDocument) -> dict[str, Json]:
    """The document as JSON values, in the order of its properties. Absent ones are left out."""
    found: dict[str, Json] = msgspec.to_builtins(document)
    return found


def to_parts(document: JsonDocument) -> Parts:
    """As `to_json`, but the items of its lists are converted only when they are asked for.

    All of them together take four times the memory of the document itself.
    """
    parts: dict[str, Json | Iterator[Json]] = {}
    for each in msgspec.structs.fields(document):
        value = getattr(document, each.name)
        if isinstance(value, tuple):
            # Lazily: a plan of a large catalog is one long list of changes.
            parts[each.encode_name] = map(msgspec.to_builtins, value)
        elif value is not msgspec.UNSET:
            parts[each.encode_name] = msgspec.to_builtins(value)
    return parts


def from_bytes(kind: type[_Value], content: bytes) -> _Value:
    """Read a document, or a part of one, from JSON; of a key that appears twice, one counts.

    Raises:
        ValueError: it is no JSON of this form.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def properties_in(content: bytes) -> Mapping[str, msgspec.Raw]:
    """The properties of a JSON object, each as the JSON that it is: what is inside is not made.

    Raises:
        ValueError: it is no JSON object.
    """
    return from_bytes(dict[str, msgspec.Raw], content)


def from_json(kind: type[_Document], value: object) -> _Document:
    """Read a document from JSON values. Nothing is coerced, and unknown keys are refused.

    Raises:
        ValueError: the value has another form; the message begins with the place.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        message = str(error)
        if found := _AT_PLACE.fullmatch(message):
            what, in_key, place = found.groups()
            message = f"{'a key of ' if in_key else ''}{place or _WHOLE}: {what}"
        else:
            message = f"{_WHOLE}: {message}"
        raise ValueError(message) from None
