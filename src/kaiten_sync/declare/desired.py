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
    # By address: how declarations are spread over files must change no plan.
    resources = sorted(
        (_resource(address, entry) for address, entry in objects),
        key=lambda resource: resource.address.sort_key,
    )
    return DesiredState(
        resources={resource.address: resource for resource in resources},
        terms={a: _terms(entry) for a, entry in objects if spec_of(a.kind).versions},
        protected=frozenset(a for a, entry in objects if _note(entry, PROTECT) is True),
        owns=frozenset(
            ChildList(address, child.kind)
            for address, entry in objects
            for child in child_kinds(address.kind)
            if child.section in entry.node.entries
        ),
        removed=merged.removed,
    )


def _objects(
    spec: KindSpec, section: Entry | None, parent: Address | None
) -> Iterator[tuple[Address, Entry]]:
    """The objects of one section, each followed by those inside it.

    What is declared as not sold is declared as nothing else: what it granted stays with holders.
    """
    for slug, entry in (section.node.entries if section else {}).items():
        address = Address(spec.kind, slug, parent)
        if spec.versions and _note(entry, SOLD) is False:
            yield (
                address,
                Entry(entry.key_ref, Node(entry.node.ref, {SOLD: entry.node.entries[SOLD]})),
            )
            continue
        yield address, entry
        for child in child_kinds(spec.kind):
            yield from _objects(child, entry.node.entries.get(child.section), address)


def _note(entry: Entry, name: str) -> object:
    """What an object says for plans alone: no server is told."""
    declared = entry.node.entries.get(name)
    return declared.node.value if declared is not None else None


def _terms(entry: Entry) -> FamilyTerms:
    """How a family wants to be changed."""
    wanted, reason = _note(entry, ON_TIGHTEN), _note(entry, REASON)
    return FamilyTerms(
        when_tightened=WhenTightened(wanted)
        if isinstance(wanted, str) and wanted in tuple(WhenTightened)
        else WhenTightened.NEW_VERSION,
        reason=reason if isinstance(reason, str) else None,
        archive_replaced=_note(entry, ARCHIVE_REPLACED) is True,
    )


def _resource(address: Address, entry: Entry) -> Resource:
    spec, node = spec_of(address.kind), entry.node
    is_short = spec.shorthand and not isinstance(node.value, dict)
    entries = {spec.shorthand: Entry(node.ref, node)} if is_short else node.entries
    fields: dict[str, Json] = {}
    sources: dict[str, SourceRef] = {}
    for name, field in spec.fields.items():
        declared = entries.get(name)
        if declared is not None:
            fields[name] = declared_value(field, declared.node.plain())
            sources[name] = declared.key_ref
    return Resource(address=address, fields=fields, source=entry.key_ref, sources=sources)
