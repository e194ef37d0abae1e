"""The form of every document: one type each, with every property described.

From these types follow the JSON that is written, the checks of what is read, `schemas/` and the
reference pages. What a document means is decided by the stage that reads or writes it.
"""

from kaiten_sync.documents.base import JsonDocument, from_json, property_of, to_json, value_of

__all__ = ["JsonDocument", "from_json", "property_of", "to_json", "value_of"]
