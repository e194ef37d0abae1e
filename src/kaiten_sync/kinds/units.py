"""The units of numbers: which object names the unit of which other one's number."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.kinds.registry import all_kinds, spec_of, view
from kaiten_sync.model.address import Address
from kaiten_sync.model.value import NO_UNIT, Absent, Json, Unit


@view
def quantities() -> frozenset[str]:
    """The names of the fields, of whatever kind, whose numbers have units."""
    return frozenset(n for spec in all_kinds() for n, f in spec.fields.items() if f.units_from)


@view
def units_shown() -> frozenset[str]:
    """The names of the fields, of whatever kind, that name units. They change nothing but texts."""
    return frozenset(name for spec in all_kinds() for name in unit_names(spec.kind))


@view
def unit_names(kind: str) -> tuple[str, ...]:
    """The fields that name the unit of an object's number, of what its slug refers to."""
    return next((each.units_from for each in spec_of(kind).fields.values() if each.units_from), ())


def unit_holder(address: Address) -> Address | None:
    """The object that names the unit of another one's number; None if that can have none."""
    spec = spec_of(address.kind)
    if spec.slug_refers_to is None or not unit_names(address.kind):
        return None
    return Address(spec_of(spec.slug_refers_to.kind).kind, address.slug)


def unit_of(address: Address, known: Mapping[Address, Mapping[str, Json | Absent]]) -> Unit:
    """The unit of an object's number, if the object that names it is known and does."""
    holder = unit_holder(address)
    return _named(unit_names(address.kind), known.get(holder, {})) if holder else NO_UNIT


def unit_in(kind: str, fields: Mapping[str, Json | Absent]) -> Unit:
    """The unit that the fields of an object of this kind name for the numbers of others."""
    holders = (each for each in all_kinds() if each.slug_refers_to and unit_names(each.kind))
    names = (
        unit_names(s.kind) for s in holders if s.slug_refers_to and s.slug_refers_to.kind == kind
    )
    return _named(next(names, ()), fields)


def _named(names: tuple[str, ...], fields: Mapping[str, Json | Absent]) -> Unit:
    found = [value for name in names if isinstance(value := fields.get(name), str)]
    # The server has both names or none. A declaration under repair may have one: it is used for
    # both rather than left out.
    return (found[0], found[-1]) if found else NO_UNIT
