"""A merged catalog as its objects, tolerant of any shape, for the rules to judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import BUNDLE, KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.document import Entry, MergedCatalog


def view_catalog(merged: MergedCatalog) -> CatalogView:
    """The objects of a merged catalog, those of bundles too. What could not be read is left out."""
    objects: dict[Address, Declared] = {}
    by_kind: dict[str, list[Declared]] = defaultdict(list)
    for spec in top_kinds():
        for each in _objects(merged, spec, merged.root.entries.get(spec.section), None):
            objects[each.address] = each
            by_kind[each.address.kind].append(each)
    for kind, bundles in merged.bundles.items():
        spec = spec_of(kind)
        for slug, entry in bundles.items():
            inner = entry.node.entries.get(spec.section)
            for each in _objects(merged, spec, inner, Address(BUNDLE, slug)):
                objects[each.address] = each
                by_kind[kind].append(each)
    return CatalogView(objects, by_kind, merged.removed)


def _objects(
    merged: MergedCatalog, spec: KindSpec, section: Entry | None, parent: Address | None
) -> Iterator[Declared]:
    inside, broken = child_kinds(spec.kind), merged.broken
    for slug, entry in (section.node.entries if section else {}).items():
        # Reported already: rules would report what its unread fields do not declare.
        if broken and entry.node.ref in broken and not isinstance(entry.node.value, dict):
            continue
        address = Address(spec.kind, slug, parent)
        yield Declared(address, entry)
        for child in inside:
            inner = entry.node.entries.get(child.section)
            yield from _objects(merged, child, inner, address)
