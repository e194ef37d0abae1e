"""Reads changes, and what they rest on, from the parts of a plan's document.

What several parts have is there once: the same addresses, ids and places appear again and again.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from sys import intern

from kaiten_sync.documents import value_of
from kaiten_sync.documents.parts import SourceDocument
from kaiten_sync.documents.plan import ChangeDocument, FieldDocument, ObservedDocument
from kaiten_sync.kinds.addresses import parse_address
from kaiten_sync.kinds.registry import SPECS, action_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change, FieldChange, InnerChange, change_id
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.shared_texts import SharedTexts
from kaiten_sync.model.source import SourceRef
from kaiten_sync.plan.parts import at, bounded
from kaiten_sync.plan.rests_on import object_fingerprint


class PartReader:
    """Reads the parts of one plan. Each method raises a ValueError that says what is wrong."""

    def __init__(self) -> None:
        self._inside: dict[str, dict[str, Address]] = defaultdict(dict)
        """The addresses by what is before their last word, and by that: their texts together
        take more memory than they do."""
        self._ids = SharedTexts()

    def address(self, text: str) -> Address:
        """The address that a text names."""
        before, _, slug = text.rpartition("/")
        found = self._inside[before].get(slug)
        if found is None:
            found = parse_address(text)
            if found.parent is not None:
                found = found._replace(parent=self.address(before.rpartition("/")[0]))
            self._inside[before][found.slug] = found
        return found

    def change(self, document: ChangeDocument) -> Change:
        """The change that a part describes."""
        address = self.address(document.address)
        action = at("action", lambda word: action_of(address.kind, word), document.action)
        declared_as = value_of(document.declared_as, absent=None)
        if document.id != change_id(action, address):
            raise ValueError(f"the id of {action} {address} does not match")
        return Change(
            address=address,
            action=action,
            fields=tuple(field_of(address, each) for each in document.fields),
            effect=document.effect,
            source=_source(value_of(document.source, absent=None)),
            reason=value_of(document.reason, absent=None),
            depends_on=self._ids.of(document.depends_on),
            declared_as=None if declared_as is None else self.address(declared_as),
        )

    def observed(self, document: ObservedDocument) -> Observed:
        """The observed object that a part describes."""
        address = self.address(document.address)
        if not document.exists:
            return Observed(address=address)
        server_id, fields = value_of(document.id), at("fields", bounded, value_of(document.fields))
        if not fields.keys() <= SPECS[address.kind].fields.keys():
            raise ValueError(f"{address} has no such field")
        if document.fingerprint != object_fingerprint(server_id, fields):
            raise ValueError(f"the fingerprint of {address} does not match")
        return Observed(
            address=address,
            id=server_id,
            fields=fields,
            fingerprint=value_of(document.fingerprint),
            unheld=document.unheld is True,
            unused=document.unused is True,
        )


def field_of(address: Address, document: FieldDocument) -> FieldChange:
    """The change of a field that a part describes.

    Raises:
        ValueError: the object has no such field, or a value is none that can be handled.
    """
    if document.name not in SPECS[address.kind].fields:
        raise ValueError(f"{address} has no field {document.name!r}")
    inner = value_of(document.inner, absent=None) or ()
    return FieldChange(
        name=intern(document.name),
        before=at("before", bounded, value_of(document.before)),
        after=at("after", bounded, value_of(document.after)),
        effect=document.effect,
        source=_source(value_of(document.source, absent=None)),
        inner=tuple(
            InnerChange(
                path=each.path,
                before=at("inner", bounded, value_of(each.before)),
                after=at("inner", bounded, value_of(each.after)),
            )
            for each in inner
        ),
    )


def _source(document: SourceDocument | None) -> SourceRef | None:
    if document is None:
        return None
    return _place(document.file, document.line, value_of(document.through, absent=None) or ())


@lru_cache(maxsize=16)  # an object and its fields are often on one line, and so are its neighbors
def _place(file: str, line: int, through: tuple[str, ...]) -> SourceRef:
    return SourceRef(intern(file), line, 1, through)
