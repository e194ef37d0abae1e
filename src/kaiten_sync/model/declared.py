"""The objects of a merged catalog as they are written, whatever their shape, for rules to judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, Scalar
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent


class Declared(Struct, frozen=True):
    """One declared object."""

    address: Address
    entry: Entry

    @property
    def is_map(self) -> bool:
        """Whether it has fields at all."""
        return isinstance(self.entry.node.value, dict)

    def field(self, name: str) -> Entry | None:
        """A field's entry, None if it is not declared."""
        return self.entry.node.entries.get(name)

    def scalar(self, name: str) -> Scalar | Absent:
        """A field's value; ABSENT where it is not declared, a list or a map."""
        entry = self.field(name)
        if entry is None or isinstance(entry.node.value, dict | tuple):
            return ABSENT
        return entry.node.value

    def is_set(self, name: str) -> bool:
        """Whether a field is declared with a value, not null."""
        entry = self.field(name)
        return entry is not None and entry.node.value is not None

    def diagnostic(
        self, rule: str, message: str, *, at: str | None = None, hint: str | None = None
    ) -> Diagnostic:
        """A diagnostic about this object: at one of its fields, or where it begins."""
        field = self.field(at) if at is not None else None
        ref = field.key_ref if field is not None else self.entry.key_ref
        return self.diagnostic_at(ref, rule, message, hint)

    def diagnostic_at(
        self, ref: SourceRef, rule: str, message: str, hint: str | None = None
    ) -> Diagnostic:
        """A diagnostic about this object at a place."""
        return Diagnostic(rule=rule, message=message, ref=ref, address=str(self.address), hint=hint)


class CatalogView(Immutable, frozen=True):
    """All declared objects, by address and by kind, and those that overlays take away."""

    objects: Mapping[Address, Declared]
    by_kind: Mapping[str, Sequence[Declared]]
    removed: Mapping[Address, SourceRef] = {}
