"""The form of every document: one type each, with every property described.

From these types follow the JSON that is written, the checks of what is read, `schemas/` and the
reference pages. What a document means is decided by the stage that reads or writes it.

What all documents share is here. The types of one document are imported from its module, so that
reading a project does not load those of plans and reports.
"""

from kaiten_sync.documents.base import (
    JsonDocument,
    from_bytes,
    from_json,
    properties_in,
    property_of,
    to_json,
    to_parts,
    value_of,
)

__all__ = [
    "JsonDocument",
    "from_bytes",
    "from_json",
    "properties_in",
    "property_of",
    "to_json",
    "to_parts",
    "value_of",
]
