"""An object as it is written in a catalog file: where, and how short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kaiten_sync.declare.write import InOrder
from kaiten_sync.kinds.registry import all_kinds, child_kinds, spec_of
from kaiten_sync.kinds.spec import BUNDLE
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.value import Fields, Json


def short_form(address: Address, fields: Fields) -> Json:
    """An object as its value if that says it all, or else as a map."""
    spec = spec_of(address.kind)
    short = spec.shorthand
    if fields.keys() == {short} and not isinstance(fields[short], Mapping):
        return fields[short]
    return InOrder((name, fields[name]) for name in spec.fields if name in fields)


def whole_form(address: Address, objects: Mapping[Address, Fields]) -> Json:
    """An object with everything that is inside it."""
    inner = {
        child.section: {
            a.slug: short_form(a, f)
            for a, f in objects.items()
            if a.parent == address and a.kind == child.kind
        }
        for child in child_kinds(address.kind)
    }
    own = objects[address]
    named = {name: own[name] for name in spec_of(address.kind).fields if name in own}
    return InOrder({**named, **inner})


def path_of(address: Address) -> list[str]:
    """The keys that lead to an object, or to a bundle, in a catalog file."""
    if address.kind == BUNDLE:
        return [next(each.bundles for each in all_kinds() if each.bundles), address.slug]
    above = [] if address.parent is None else path_of(address.parent)
    return [*above, spec_of(address.kind).section, address.slug]


def lists_of(addresses: Iterable[Address]) -> list[ChildList]:
    """Every list that these objects have: what is adopted is owned with what is inside."""
    return [ChildList(each, child.kind) for each in addresses for child in child_kinds(each.kind)]
