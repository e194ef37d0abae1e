"""Turns a merged catalog into the state that is wanted. Stage 1.

Written for catalogs that passed validation; what has no usable shape is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import (
    ARCHIVE_REPLACED,
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
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import Json


def build_desired(merged: MergedCatalog) -> DesiredState:
    """Every declared object with its declared fields, in the spelling that comparisons use."""
    objects = [
        each
        for spec in top_kinds()
        for each in _objects(spec, merged.root.entries.get(spec.section), None)
    ]
    # By address and not as written: moving an object to another file must change no plan.
    in_order = sorted(objects, key=lambda each: each[0].sort_key)
    maps = [each for each in objects if isinstance(each[1].node.value, dict)]
    return DesiredState(
        resources={address: _resource(address, entry) for address, entry in in_order},
        terms={a: _terms(entry) for a, entry in objects if spec_of(a.kind).versions},
        protected=frozenset(address for address, entry in maps if _is_protected(entry)),
        owns=frozenset(owned for address, entry in maps for owned in _lists(address, entry)),
        removed=merged.removed,
    )


def count_declared(merged: MergedCatalog) -> int:
    """How many objects there are in the declared state of a catalog."""
    return sum(_count(spec, merged.root.entries.get(spec.section)) for spec in top_kinds())


def _count(spec: KindSpec, section: Entry | None) -> int:
    entries = section.node.entries if section else {}
    whole = [each.node for each in entries.values() if not (spec.versions and _is_unsold(each))]
    inside = child_kinds(spec.kind)
    return len(entries) + sum(_count(c, n.entries.get(c.section)) for c in inside for n in whole)


def _objects(
    spec: KindSpec, section: Entry | None, parent: Address | None
) -> Iterator[tuple[Address, Entry]]:
    """The objects of one section, each followed by those inside it.

    What is declared as not sold is declared as nothing else: what it granted stays with holders.
    """
    inside = child_kinds(spec.kind)
    for slug, entry in (section.node.entries if section else {}).items():
        address = Address(spec.kind, slug, parent)
        if spec.versions and _is_unsold(entry):
            unsold = Node(entry.node.ref, {SOLD: entry.node.entries[SOLD]})
            yield address, Entry(entry.key_ref, unsold)
            continue
        yield address, entry
        for child in inside:
            yield from _objects(child, entry.node.entries.get(child.section), address)


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
    fields: dict[str, Json] = {}
    sources: dict[str, SourceRef] = {}
    if spec.shorthand and not isinstance(node.value, dict):
        fields[spec.shorthand] = declared_value(spec.fields[spec.shorthand], node.plain())
        sources[spec.shorthand] = node.ref
        return Resource(address=address, fields=fields, source=entry.key_ref, sources=sources)
    for name, field in spec.fields.items():
        declared = node.entries.get(name)
        if declared is not None:
            fields[name] = declared_value(field, declared.node.plain())
            sources[name] = declared.key_ref
    return Resource(address=address, fields=fields, source=entry.key_ref, sources=sources)
