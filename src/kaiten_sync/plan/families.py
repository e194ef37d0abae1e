"""Which objects are siblings, whether they are live or new: the versions of one family."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.value import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Families:
    """Every family by its key: its slug if that is known, else the server's id of it.

    Only kinds with a field of which one object per family has True have families.
    """

    of: Mapping[Address, str]
    members: Mapping[str, tuple[Address, ...]]
    """The live and declared objects of each family, in the order of `of`."""

    def siblings(self, address: Address) -> tuple[Address, ...]:
        """The other objects of an object's family."""
        family = self.of.get(address)
        return tuple(each for each in self.members.get(family or "", ()) if each != address)


def families_of(desired: DesiredState, live: LiveState, changes: Iterable[Change] = ()) -> Families:
    """Sort live, declared and new objects into families.

    The server shows a family's slug only through its first version. If that is gone, a
    declaration of another version names it.
    """
    fields = _declared_fields(desired, changes)
    slugs = _slugs_of_live_families(fields, live)
    of = {
        address: _key(address, fields.get(address, {}), slugs, live)
        for address in (*live.resources, *fields)
        if link_of(address)
    }
    members: dict[str, list[Address]] = defaultdict(list)
    for address, family in of.items():
        members[family].append(address)
    return Families(of=of, members={family: tuple(each) for family, each in members.items()})


def link_of(address: Address) -> str:
    """The field in which siblings of an object agree; empty if its kind has no families."""
    fields = spec_of(address.kind).fields.values()
    return next((spec.one_per for spec in fields if spec.one_per), "")


def _declared_fields(desired: DesiredState, changes: Iterable[Change]) -> dict[Address, Fields]:
    created = {
        change.address: {f.name: f.after for f in change.fields if f.after}
        for change in changes
        if change.action == Action.CREATE
    }
    declared = {address: resource.fields for address, resource in desired.resources.items()}
    return {**created, **declared}  # type: ignore[dict-item]  # ABSENT is falsy


def _slugs_of_live_families(declared: Mapping[Address, Fields], live: LiveState) -> dict[str, str]:
    """The slug of each family by the server's id of it, as far as anything names it."""
    slugs: dict[str, str] = {}
    for source in (declared, {a: found.fields for a, found in live.resources.items()}):
        for address, fields in source.items():
            found = live.resources.get(address)
            slug = fields.get(link_of(address))
            if found is not None and found.family_id is not None and isinstance(slug, str):
                slugs[found.family_id] = slug
    return slugs


def _key(address: Address, fields: Fields, slugs: Mapping[str, str], live: LiveState) -> str:
    found = live.resources.get(address)
    if found is not None and found.family_id is not None:
        return slugs.get(found.family_id, found.family_id)
    declared = fields.get(link_of(address))
    return declared if isinstance(declared, str) else address.slug
