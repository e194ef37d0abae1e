"""Turns `10GB` and `50k` into plain numbers, in the unit that the entitlement declares. Stage 1.

It comes after `extends`: a bundle's `10GB` means the same to everyone who inherits it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kaiten_sync.declare.scalars import shorten
from kaiten_sync.kinds.meant import grant_hint
from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import BUNDLE, FieldSpec, KindSpec
from kaiten_sync.licensing import is_quantity, parse_quantity, quantity_hint
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, MergedCatalog, Node
from kaiten_sync.model.source import SourceRef

_Names: TypeAlias = "tuple[str, ...]"
_QUOTED = re.compile(r"[0-9]{1,30}(?:\.[0-9]{1,30})?")
"""A number without quotes is no text. A longer one is no threshold either."""


def with_plain_numbers(merged: MergedCatalog) -> tuple[MergedCatalog, tuple[Diagnostic, ...]]:
    """The catalog with every quantity as a plain number, and what is wrong with the others."""
    sections = dict(merged.root.entries)
    wrong: list[Diagnostic] = []
    for parent in top_kinds():
        section = sections.get(parent.section)
        for spec in child_kinds(parent.kind):
            for quantity in (each for each in spec.fields.values() if each.units_from):
                if section is not None:
                    units = dict(_units(spec, quantity, sections))
                    parents = {
                        slug: _read_children(
                            f"{parent.kind}/{slug}", each, spec, quantity, units, wrong
                        )
                        for slug, each in section.node.entries.items()
                    }
                    section = _with(section, parents)
                    sections[parent.section] = section
    bundles = {kind: dict(each) for kind, each in merged.bundles.items()}
    for kind, read in bundles.items():
        spec = spec_of(kind)
        for quantity in (each for each in spec.fields.values() if each.units_from):
            units = dict(_units(spec, quantity, sections))
            for slug, each in read.items():
                place = f"{BUNDLE}/{slug}"
                read[slug] = _read_children(place, each, spec, quantity, units, wrong)
    wrong = [each for each in wrong if each.ref not in merged.broken]
    wrong.sort(key=lambda each: not (each.ref and each.ref.through))
    # Those that inherit a text have its mistake too: it is reported once, where it is written.
    once = {each.sort_key: each for each in wrong}.values()
    lined = (each.changed(line_text=merged.line_text(each.ref)) for each in once)
    refs = (each.ref for each in once if each.ref is not None)
    refused = {SourceRef(ref.file, ref.line, ref.column) for ref in refs}
    root = Node(merged.root.ref, sections)
    merged = merged.changed(root=root, broken=merged.broken | refused, bundles=bundles)
    return merged, tuple(lined)


def _units(
    spec: KindSpec, quantity: FieldSpec, sections: Mapping[str, Entry]
) -> Iterator[tuple[str, _Names | None]]:
    """The names of the unit of each object that a child's slug can refer to.

    None if the object takes no numbers.
    """
    referred = spec.slug_refers_to and sections.get(spec_of(spec.slug_refers_to.kind).section)
    for slug, entry in (referred.node.entries if referred else {}).items():
        fields = {name: each.node.plain() for name, each in entry.node.entries.items()}
        kind = {"type": fields.get("type")}
        if spec.misfit is not None and spec.misfit({quantity.name: 0}, kind):
            yield slug, None
            continue
        values = (fields.get(name) for name in quantity.units_from)
        yield slug, tuple(value for value in values if isinstance(value, str) and value)


def _read_children(
    address: str,
    parent: Entry,
    spec: KindSpec,
    quantity: FieldSpec,
    units: Mapping[str, _Names | None],
    wrong: list[Diagnostic],
) -> Entry:
    """A parent with the quantities of its children as numbers."""
    children = parent.node.entries.get(spec.section)
    if children is None:
        return parent
    read = dict(children.node.entries)
    for slug, child in children.node.entries.items():
        value = child.node if spec.shorthand == quantity.name else None
        inner = child.node.entries.get(quantity.name)
        node = inner.node if inner is not None else value
        if node is None or not isinstance(node.value, str) or not is_quantity(node.value):
            continue
        own_address = f"{address}/{spec.kind}/{slug}"
        number = _number(node, own_address, units.get(slug, ()), wrong)
        if inner is None:
            read[slug] = Entry(child.key_ref, number)
        else:
            read[slug] = _with(child, {quantity.name: Entry(inner.key_ref, number)})
    return _with(parent, {spec.section: _with(children, read)})


def _number(node: Node, address: str, units: _Names | None, wrong: list[Diagnostic]) -> Node:
    """A quantity as a number; as it is, and reported, if it is not one."""
    text = str(node.value)
    is_quoted = _QUOTED.fullmatch(text) is not None
    try:
        if is_quoted:
            raise ValueError("is text, because it is in quotes")
        return Node(node.ref, parse_quantity(text, units or ()))
    except ValueError as error:
        fits = units is not None
        hint = f"write {text}" if is_quoted else quantity_hint(text, units or ())
        wrong.append(
            Diagnostic(
                rule="bad-quantity" if fits else "bad-grant",
                message=f"'{shorten(text)}' {error if fits else 'is a number, and it takes none'}",
                ref=node.ref,
                address=address,
                hint=hint if fits else grant_hint(text),
            )
        )
        return node


def _with(entry: Entry, entries: Mapping[str, Entry]) -> Entry:
    """A map with some of its entries replaced."""
    return Entry(entry.key_ref, Node(entry.node.ref, {**entry.node.entries, **entries}))
