"""Turns a merged catalog into the state that is wanted. Stage 1.

Written for catalogs that passed validation; what has no usable shape is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import (
    ARCHIVE_REPLACED,
    BUNDLE,
    ON_TIGHTEN,
    PROTECT,
    REASON,
    SOLD,
    KindSpec,
)
from kaiten_sync.kinds.values import declared_value
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.document import Entry, MergedCatalog, Node
from kaiten_sync.model.family import FamilyTerms, WhenTightened
from kaiten_sync.model.resource import DesiredState, Resource
from kaiten_sync.model.value import Json, OneField


def build_desired(merged: MergedCatalog) -> DesiredState:
    """Every declared object with its declared fields, in the spelling that comparisons use."""
    resources: dict[Address, Resource] = {}
    terms: dict[Address, FamilyTerms] = {}
    protected: set[Address] = set()
    owns: set[ChildList] = set()
    for address, entry in _objects(merged):
        resources[address] = _resource(address, entry)
        if spec_of(address.kind).versions:
            terms[address] = _terms(entry)
        if isinstance(entry.node.value, dict):
            owns.update(_lists(address, entry))
            if _is_protected(entry):
                protected.add(address)
    return DesiredState(
        resources=resources,
        terms=terms,
        protected=frozenset(protected),
        owns=frozenset(owns),
        removed=merged.removed,
        spare={address: _resource(address, entry) for address, entry in _spare(merged)},
    )


def count_declared(merged: MergedCatalog) -> int:
    """How many objects there are in the declared state of a catalog."""
    return sum(_count(spec, merged.root.entries.get(spec.section)) for spec in top_kinds())


def _count(spec: KindSpec, section: Entry | None) -> int:
    entries = section.node.entries if section else {}
    whole = [each.node for each in entries.values() if not (spec.versions and _is_unsold(each))]
    inside = child_kinds(spec.kind)
    return len(entries) + sum(_count(c, n.entries.get(c.section)) for c in inside for n in whole)


def _objects(merged: MergedCatalog) -> Iterator[tuple[Address, Entry]]:
    """The objects by address and not as written: moving one to another file must change no plan.

    What is declared as not sold is declared as nothing else: what it granted stays with holders.
    """
    sections = [each for spec in top_kinds() for each in _sections(spec, merged.root, None)]
    for place, entries in sorted(sections, key=lambda each: each[0].sort_key):
        for slug in sorted(entries):
            address, entry = Address(place.kind, slug, place.parent), entries[slug]
            if spec_of(place.kind).versions and _is_unsold(entry):
                unsold = Node(entry.node.ref, {SOLD: entry.node.entries[SOLD]})
                entry = Entry(entry.key_ref, unsold)
            yield address, entry


def _sections(
    spec: KindSpec, node: Node, parent: Address | None
) -> Iterator[tuple[Address, Mapping[str, Entry]]]:
    """The section of a kind, and those inside its objects, each with the place of its objects."""
    section = node.entries.get(spec.section)
    entries = section.node.entries if section else {}
    yield Address(spec.kind, "", parent), entries
    for child in child_kinds(spec.kind):
        for slug, entry in entries.items():
            if not (spec.versions and _is_unsold(entry)):
                yield from _sections(child, entry.node, Address(spec.kind, slug, parent))


def _spare(merged: MergedCatalog) -> Iterator[tuple[Address, Entry]]:
    """What is written inside bundles, and inside families that are not sold."""
    for kind, bundles in merged.bundles.items():
        for slug, entry in bundles.items():
            yield from _written_in(entry, spec_of(kind), Address(BUNDLE, slug))
    for spec in top_kinds():
        section = merged.root.entries.get(spec.section) if spec.versions else None
        for slug, entry in (section.node.entries if section else {}).items():
            if _is_unsold(entry):
                for child in child_kinds(spec.kind):
                    yield from _written_in(entry, child, Address(spec.kind, slug))


def _written_in(parent: Entry, spec: KindSpec, place: Address) -> Iterator[tuple[Address, Entry]]:
    """The children of a kind that are written there, and not inherited."""
    section = parent.node.entries.get(spec.section)
    for slug, entry in (section.node.entries if section else {}).items():
        if not entry.key_ref.through:
            yield Address(spec.kind, slug, place), entry


def _is_unsold(entry: Entry) -> bool:
    declared = entry.node.entries.get(SOLD)
    return declared is not None and declared.node.value is False


def _lists(address: Address, entry: Entry) -> Iterator[ChildList]:
    for child in child_kinds(address.kind):
        if child.section in entry.node.entries:
            yield ChildList(address, child.kind)


def _terms(entry: Entry) -> FamilyTerms:
    """How a family wants to be changed."""
    notes = {name: each.node.value for name, each in entry.node.entries.items()}
    wanted, reason = notes.get(ON_TIGHTEN), notes.get(REASON)
    return FamilyTerms(
        when_tightened=WhenTightened(wanted)
        if isinstance(wanted, str) and wanted in tuple(WhenTightened)
        else WhenTightened.NEW_VERSION,
        reason=reason if isinstance(reason, str) else None,
        archive_replaced=notes.get(ARCHIVE_REPLACED) is True,
    )


def _is_protected(entry: Entry) -> bool:
    """Whether an object says so. It is a rule for plans and not a field: no server is told."""
    declared = entry.node.entries.get(PROTECT)
    return declared is not None and declared.node.value is True


def _resource(address: Address, entry: Entry) -> Resource:
    spec, node = spec_of(address.kind), entry.node
    if spec.shorthand and not isinstance(node.value, dict):
        value = declared_value(spec.fields[spec.shorthand], node.plain())
        # Mostly a line of its own has both, and a map for each would be as large as the object.
        is_beside = node.ref.is_on_line_of(entry.key_ref)
        sources = None if is_beside else {spec.shorthand: node.ref}
        field = OneField(spec.shorthand, value)
        return Resource(address=address, fields=field, source=entry.key_ref, sources=sources)
    fields: dict[str, Json] = {}
    sources = {}
    for name, each in spec.fields.items():
        declared = node.entries.get(name)
        if declared is not None:
            fields[name] = declared_value(each, declared.node.plain())
            sources[name] = declared.key_ref
    return Resource(address=address, fields=fields, source=entry.key_ref, sources=sources)
