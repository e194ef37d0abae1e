"""Compares two live catalogs with each other. Stage 4."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.effects import inner_changes
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import SOLD
from kaiten_sync.kinds.units import unit_of
from kaiten_sync.kinds.values import normal_value
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.comparison import ComparedObject, Presence
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json, is_same

Catalog = Mapping[Address, Fields]
"""Objects of one server, each with the fields that are worth declaring."""


def server_differences(first: Catalog, second: Catalog) -> tuple[ComparedObject, ...]:
    """Every object that only one server has, or that both have and not alike, by address."""
    addresses = sorted(first.keys() | second.keys(), key=lambda address: address.sort_key)
    differences: list[ComparedObject] = []
    for address in addresses:
        units = (unit_of(address, first), unit_of(address, second))
        # All fields of an object that is on one side only would say nothing more.
        if address not in first or address not in second:
            presence = Presence.FIRST if address in first else Presence.SECOND
            differences.append(ComparedObject(address=address, presence=presence, units=units))
            continue
        fields: list[FieldChange] = []
        for name in spec_of(address.kind).fields:
            before, after = first[address].get(name, ABSENT), second[address].get(name, ABSENT)
            if not is_same(before, after):
                inner = inner_changes(before, after)
                fields.append(FieldChange(name=name, before=before, after=after, inner=inner))
        if fields:
            found = ComparedObject(
                address=address, presence=Presence.BOTH, fields=tuple(fields), units=units
            )
            differences.append(found)
    return tuple(differences)


def without_declared(
    differences: tuple[ComparedObject, ...],
    declared: tuple[DesiredState, DesiredState],
    live: tuple[Catalog, Catalog],
) -> tuple[ComparedObject, ...]:
    """The differences without those that are declared: both servers are as their targets say."""
    found = []
    for each in differences:
        unsold = [_is_unsold(each.address, *side) for side in zip(declared, live, strict=True)]
        if any(unsold) and each.address.parent is not None:
            continue  # what is not sold may grant anything
        kept = _undeclared(each, *declared, (unsold[0], unsold[1]))
        if kept is not None:
            found.append(kept)
    return tuple(found)


def _is_unsold(address: Address, declared: DesiredState, live: Catalog) -> bool:
    """Whether the family that an object is in is not sold, as is declared."""
    family, found = declared.resources.get(address.root), live.get(address.root)
    is_off_sale = found is None or found.get(SOLD) is False
    return is_off_sale and family is not None and family.fields.get(SOLD) is False


def _undeclared(
    difference: ComparedObject,
    first: DesiredState,
    second: DesiredState,
    unsold: tuple[bool, bool],
) -> ComparedObject | None:
    one = first.resources.get(difference.address)
    other = second.resources.get(difference.address)
    if difference.presence is not Presence.BOTH:
        is_first = difference.presence is Presence.FIRST
        has, has_not = (one, other) if is_first else (other, one)
        may_lack = has_not is None or unsold[1 if is_first else 0]
        return None if has is not None and may_lack else difference
    if one is None or other is None:
        return difference
    fields = tuple(
        field
        for field in difference.fields
        if not _is_declared(difference.address, field, one.fields, other.fields)
    )
    if not fields:
        return None
    return difference.changed(fields=fields)


def _is_declared(address: Address, field: FieldChange, one: Fields, other: Fields) -> bool:
    """Whether the declaration gives a field two values, and each server has its own."""
    wanted = one.get(field.name, ABSENT), other.get(field.name, ABSENT)
    if is_same(*wanted):
        return False
    sides = zip(wanted, (field.before, field.after), strict=True)
    return all(_is_as_declared(address, field.name, want, live) for want, live in sides)


def _is_as_declared(
    address: Address, name: str, wanted: Json | Absent, live: Json | Absent
) -> bool:
    """A field that is not declared may have any value; one that is null has none.

    What is live is without defaults: an empty text or list that is declared is not there.
    """
    if wanted is ABSENT or isinstance(wanted, Absent):
        return True
    spec = spec_of(address.kind).fields[name]
    if live is ABSENT or live is None:
        return wanted is None or is_same(normal_value(spec, wanted), spec.default({}))
    return wanted is not None and is_same(normal_value(spec, wanted), live)
