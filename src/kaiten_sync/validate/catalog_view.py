"""A merged catalog as its objects, tolerant of any shape, for the rules to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Address, Kind, grant_address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, MergedCatalog, Node, Scalar
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import ABSENT, Absent

GRANTS = "entitlements"
"""The license key that holds its grants."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared object."""

    address: Address
    entry: Entry

    @property
    def is_map(self) -> bool:
        """Whether it has fields at all."""
        return isinstance(self.entry.node.value, Mapping)

    def field(self, name: str) -> Entry | None:
        """A field's entry, None where it is not declared."""
        return self.entry.node.entries.get(name)

    def scalar(self, name: str) -> Scalar | Absent:
        """A field's value; ABSENT where it is not declared, a list or a map."""
        entry = self.field(name)
        if entry is None or isinstance(entry.node.value, Mapping | tuple):
            return ABSENT
        return entry.node.value

    def is_set(self, name: str) -> bool:
        """Whether a field is declared with a value, not null."""
        entry = self.field(name)
        return entry is not None and entry.node.value is not None

    def finding(
        self, rule: str, message: str, *, at: str | None = None, hint: str | None = None
    ) -> Diagnostic:
        """A finding about this object: at one of its fields, or where it begins."""
        field = self.field(at) if at is not None else None
        ref = field.key_ref if field is not None else self.entry.key_ref
        return self.finding_at(ref, rule, message, hint)

    def finding_at(
        self, ref: SourceRef, rule: str, message: str, hint: str | None = None
    ) -> Diagnostic:
        """A finding about this object at a place."""
        return Diagnostic(rule=rule, message=message, ref=ref, address=str(self.address), hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogView:
    """All declared objects by slug, and the grants in the order of their licenses."""

    groups: Mapping[str, Declared]
    entitlements: Mapping[str, Declared]
    licenses: Mapping[str, Declared]
    grants: tuple[Declared, ...]

    def all(self) -> Iterator[Declared]:
        """Every object, grants last."""
        yield from self.groups.values()
        yield from self.entitlements.values()
        yield from self.licenses.values()
        yield from self.grants


def view_catalog(merged: MergedCatalog) -> CatalogView:
    """The objects of a merged catalog. What could not be read is left out."""
    licenses = _section(merged, Kind.LICENSE)
    return CatalogView(
        groups=_section(merged, Kind.GROUP),
        entitlements=_section(merged, Kind.ENTITLEMENT),
        licenses=licenses,
        grants=tuple(_grants(merged, licenses)),
    )


def _section(merged: MergedCatalog, kind: Kind) -> Mapping[str, Declared]:
    section = merged.root.entries.get(SPECS[kind].plural)
    return {
        slug: Declared(Address(kind, slug), entry)
        for slug, entry in (section.node.entries if section else {}).items()
        if _is_readable(merged, entry.node)
    }


def _grants(merged: MergedCatalog, licenses: Mapping[str, Declared]) -> Iterator[Declared]:
    for slug, declared in licenses.items():
        grants = declared.field(GRANTS)
        for granted, entry in (grants.node.entries if grants else {}).items():
            if _is_readable(merged, entry.node):
                yield Declared(grant_address(slug, granted), entry)


def _is_readable(merged: MergedCatalog, node: Node) -> bool:
    return isinstance(node.value, Mapping) or node.ref not in merged.broken
