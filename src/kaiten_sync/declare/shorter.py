"""Chooses what objects extend, so that a catalog gets shorter. Used by export."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.declare.write import line_count
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import all_kinds
from kaiten_sync.kinds.spec import KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.value import Fields


class Extended(Immutable, frozen=True, kw_only=True):
    """Objects to write, those that take an inherited one away included, and what extends what."""

    objects: Mapping[Address, Fields]
    bases: Mapping[Address, str]


class _Children(Immutable, frozen=True):
    """What an object contains: each child as one text, with the lines that it takes."""

    items: frozenset[tuple[str, str]]
    lines: Mapping[str, int]


def extending(
    objects: Mapping[Address, Fields], alone: Collection[Address], retired: Collection[Address] = ()
) -> Extended:
    """The same objects in fewer lines: each parent extends the one that saves the most.

    Those that are to stand `alone` extend nothing, nor do the `retired` ones, which nobody extends
    either. Nobody extends itself through others.
    """
    usable = {a: fields for a, fields in objects.items() if a.parent not in retired}
    shorter, bases = dict(objects), dict[Address, str]()
    for spec in all_kinds():
        if spec.bundles:
            found = _children(spec, usable)
            for address, base in _chosen(found, frozenset(alone)).items():
                bases[address] = base.slug
                for slug, _ in found[address].items & found[base].items:
                    del shorter[Address(spec.kind, slug, address)]
                for slug in found[base].lines.keys() - found[address].lines.keys():
                    shorter[Address(spec.kind, slug, address)] = {spec.shorthand: None}
    return Extended(objects=shorter, bases=bases)


def _children(spec: KindSpec, objects: Mapping[Address, Fields]) -> dict[Address, _Children]:
    items: dict[Address, list[tuple[str, str]]] = defaultdict(list)
    lines: dict[Address, dict[str, int]] = defaultdict(dict)
    for address, fields in objects.items():
        parent = address.parent
        if address.kind == spec.kind and parent is not None and parent in objects:
            items[parent].append((address.slug, json.dumps(fields, sort_keys=True)))
            lines[parent][address.slug] = line_count(address, fields)
    return {parent: _Children(frozenset(items[parent]), lines[parent]) for parent in items}


def _chosen(
    found: Mapping[Address, _Children], alone: frozenset[Address]
) -> Mapping[Address, Address]:
    """The base of each object that has one: the greatest savings first, then the smaller base."""
    ranked = sorted(
        _savings(found, alone),
        key=lambda each: (-each[0], len(found[each[2]].items), each[2].slug, each[1].slug),
    )
    bases: dict[Address, Address] = {}
    for _, address, base in ranked:
        above: Address | None = base
        while above is not None and above != address:  # nothing may extend itself
            above = bases.get(above)
        if address not in bases and above is None:
            bases[address] = base
    return bases


def _savings(
    found: Mapping[Address, _Children], alone: frozenset[Address]
) -> Iterator[tuple[int, Address, Address]]:
    """The lines that each object saves by extending each other one, if it saves any."""
    for address in found.keys() - alone:
        own = found[address]
        flat = sum(own.lines.values())
        for base, other in found.items():
            if base == address or base.kind != address.kind:
                continue
            changed = sum(own.lines[slug] for slug, _ in own.items - other.items)
            removed = len(other.lines.keys() - own.lines.keys())
            section = 1 if changed or removed else 0
            # In lines: a section and all in it, against `extends`, a section, and what differs.
            saved = 1 + flat - (1 + section + changed + removed)
            if saved > 0:
                yield saved, address, base
