"""The form of a comparison of two servers, version 1."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType

from kaiten_sync.documents.base import JsonDocument, about
from kaiten_sync.documents.parts import AddressText, Count, TargetDocument
from kaiten_sync.model.comparison import Presence


class ComparedFieldDocument(JsonDocument, frozen=True):
    """One field. A side that is absent has what the server sets by itself."""

    name: Annotated[str, about("The field's name in the catalog.", "value")]
    first: Annotated[Any, about("The value on the first server.", 1000, None)] | UnsetType = UNSET
    second: Annotated[Any, about("The value on the second server.", 500, None)] | UnsetType = UNSET


class ComparedObjectDocument(JsonDocument, frozen=True):
    """One object that differs."""

    address: Annotated[AddressText, about("The object.")]
    presence: Annotated[Presence, about("Which server has the object.", "both")]
    fields: Annotated[
        tuple[ComparedFieldDocument, ...],
        about("The fields that differ; empty if only one server has the object."),
    ]


class ComparisonDocument(JsonDocument, frozen=True):
    """Output of `kaiten-sync compare FIRST SECOND --format json`."""

    format_version: Annotated[Literal[1], about("The version of this format.", 1)]
    first: Annotated[TargetDocument, about("The first server.")]
    second: Annotated[TargetDocument, about("The second server.")]
    is_different: Annotated[bool, about("Whether anything differs that is not left out.", True)]
    compared: Annotated[Count, about("How many objects either server has in scope.", 8)]
    declared: Annotated[
        Count, about("How many differences are left out because they are declared.", 2)
    ]
    differences: Annotated[
        tuple[ComparedObjectDocument, ...], about("Every object that differs, by address.")
    ]
