"""Which objects are siblings, whether they are live or new: the versions of one family."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import family_kinds, move_of, spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.value import Absent, Json


class Families(Immutable, frozen=True, kw_only=True):
    """Every family by its key: its slug if that is known, else the server's id of it.

    Only kinds with a field of which one object per family has True have families.
    """

    of: Mapping[Address, str]
    members: Mapping[str, tuple[Address, ...]]
    """The live objects of each family in the order of their numbers, then the new ones in the
    order in which they are to be created."""

    def siblings(self, address: Address) -> tuple[Address, ...]:
        """The other objects of an object's family."""
        family = self.of.get(address)
        return tuple(each for each in self.members.get(family or "", ()) if each != address)

    def older(self, address: Address) -> Address | None:
        """The object of the family right before this one; None if it is the first."""
        members = self.members.get(self.of.get(address, ""), ())
        place = members.index(address) if address in members else 0
        return members[place - 1] if place else None


def families_of(desired: DesiredState, live: LiveState) -> Families:
    """Sort live, declared and new objects into families.

    The server shows a family's slug only through its first version. If that is gone, a
    declaration of another version names it. New versions come after live ones, in the order of
    their declared numbers; one that declares none follows the one that is declared before it.
    """
    slugs = _slugs_of_live_families(desired, live)
    of: dict[Address, str] = {}
    kinds = family_kinds()
    for address in (a for a in (*live.resources, *desired.resources) if a.kind in kinds):
        found = live.resources.get(address)
        known = desired.resources.get(address) or found
        if found is not None and found.family_id is not None:
            of[address] = slugs.get(found.family_id, found.family_id)
        elif known is not None:
            slug = known.fields.get(link_of(address))
            of[address] = slug if isinstance(slug, str) else address.slug
    members: dict[str, list[Address]] = defaultdict(list)
    for address in _by_age(of, desired, live):
        members[of[address]].append(address)
    return Families(of=of, members={family: tuple(each) for family, each in members.items()})


def displaced_by(changes: Iterable[Change], families: Families) -> dict[Address, frozenset[str]]:
    """The fields that the server itself clears of the siblings of what a plan moves.

    It takes a family's default away from a version when another becomes it.
    """
    displaced: dict[Address, frozenset[str]] = {}
    for change in changes:
        name = taken_field(change)
        for sibling in families.siblings(change.address) if name else ():
            displaced[sibling] = displaced.get(sibling, frozenset()) | {name}
    return displaced


def taken_field(change: Change) -> str:
    """The field that a change gives to one object and takes from its siblings; mostly empty."""
    moved = move_of(change.address.kind, change.action)
    return moved[0].name if moved and moved[0].one_per and moved[1].after is True else ""


def link_of(address: Address) -> str:
    """The field in which siblings of an object agree; empty if its kind has no families."""
    flag = spec_of(address.kind).flag
    return flag.one_per if flag else ""


def number_of(address: Address, fields: Mapping[str, Json | Absent]) -> int | None:
    """The number of a version, as the server or a declaration has it; None if there is none."""
    spec = spec_of(address.kind).number
    number = str(fields.get(spec.name)) if spec else ""
    return int(number) if number.isdecimal() else None


def _by_age(of: Mapping[Address, str], desired: DesiredState, live: LiveState) -> list[Address]:
    """All members of families, oldest first within each family."""
    old = [address for address in of if address in live.resources]
    old.sort(key=lambda each: number_of(each, live.resources[each].fields) or 0)
    new = [desired.resources[address] for address in of if address not in live.resources]
    new.sort(key=lambda each: each.source.place)
    latest: dict[str, int] = defaultdict(int)
    ages: dict[Address, tuple[bool, int]] = {}
    for each in new:
        family = of[each.address]
        latest[family] = number_of(each.address, each.fields) or latest[family]
        ages[each.address] = (each.address.slug != family, latest[family])
    return [*old, *sorted(ages, key=ages.__getitem__)]


def _slugs_of_live_families(desired: DesiredState, live: LiveState) -> dict[str, str]:
    """The slug of each family by the server's id of it, as far as anything names it."""
    slugs: dict[str, str] = {}
    kinds = family_kinds()
    # Live last: what the server says of a family counts more than what is declared.
    for named in (desired.resources, live.resources):
        for address in (a for a in named if a.kind in kinds):
            found = live.resources.get(address)
            if found is not None and found.family_id is not None:
                slug = named[address].fields.get(link_of(address)) or found.family_slug
                if isinstance(slug, str):
                    slugs[found.family_id] = slug
    return slugs
