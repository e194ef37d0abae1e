"""Live families as a declaration of what is sold now, for exports."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.families import LiveFamily, live_families, moved
from kaiten_sync.kinds.registry import spec_of, versioned_kinds
from kaiten_sync.model.address import Address
from kaiten_sync.model.resource import LiveState
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import Fields


def as_families(
    objects: Mapping[Address, Fields], live: LiveState, scope: Scope
) -> dict[Address, Fields]:
    """What is worth declaring, with families for their versions where the served one says all.

    Versions of others stay as they are: a family that serves nothing, or serves a version by
    chance, and one whose served version has fields that a family does not have.
    """
    written = dict(objects)
    for kind in versioned_kinds():
        for slug, found in live_families(live.resources.values()).items():
            family = Address(kind.kind, slug)
            served = found.served.address if found.served is not None else None
            if served is None or not scope.covers(family) or not _says_all(found, objects):
                continue
            members = {each.address for each in found.versions}
            for address, fields in objects.items():
                if address.root in members:
                    del written[address]
                # Of the versions only the served one is written, and as the family: holders of
                # others keep what they have, whatever is declared.
                if address.root == served:
                    # A family has fewer fields than a version; what is inside has them all.
                    own = spec_of(family.kind).fields if address == served else fields
                    written[moved(address, {served: family})] = {
                        name: value for name, value in fields.items() if name in own
                    }
    return written


def _says_all(family: LiveFamily, objects: Mapping[Address, Fields]) -> bool:
    """Whether the served version, in all that is worth declaring of it, is what a family is."""
    served = family.served
    if served is None or any(each.address not in objects for each in family.versions):
        return False
    spec = spec_of(served.address.kind)
    flag = spec.flag
    # That it is the default, and of which family, follows from being declared as the family.
    links = {flag.name, flag.one_per} if flag is not None else set()
    table = next(each for each in versioned_kinds() if each.versions == spec.kind)
    return family.is_certain and objects[served.address].keys() <= table.fields.keys() | links
