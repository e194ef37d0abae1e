"""A comparison of two servers as JSON. Stage 7."""

from __future__ import annotations

from kaiten_sync.documents import property_of, to_json
from kaiten_sync.documents.compare import (
    ComparedFieldDocument,
    ComparedObjectDocument,
    ComparisonDocument,
)
from kaiten_sync.documents.parts import target_document
from kaiten_sync.model.comparison import ComparedObject, Comparison
from kaiten_sync.model.value import Json


def compare_json(comparison: Comparison) -> dict[str, Json]:
    """Every key is always there; only `first` and `second` of a field may be absent."""
    return to_json(
        ComparisonDocument(
            format_version=1,
            first=target_document(comparison.first),
            second=target_document(comparison.second),
            is_different=bool(comparison.differences),
            compared=comparison.compared,
            declared=comparison.declared,
            differences=tuple(_object(each) for each in comparison.differences),
        )
    )


def _object(difference: ComparedObject) -> ComparedObjectDocument:
    return ComparedObjectDocument(
        address=str(difference.address),
        presence=difference.presence,
        fields=tuple(
            ComparedFieldDocument(
                name=field.name, first=property_of(field.before), second=property_of(field.after)
            )
            for field in difference.fields
        ),
    )
