"""Which objects an object refers to, by the tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import FieldSpec, Reference
from kaiten_sync.model.address import Address
from kaiten_sync.model.value import Absent, Json


def references(
    address: Address, fields: Mapping[str, Json | Absent]
) -> Iterator[tuple[Address, Reference]]:
    """Every object that one with these fields refers to, by its slug and by its fields."""
    spec = spec_of(address.kind)
    if spec.slug_refers_to is not None:
        yield _target(spec.slug_refers_to, address.slug), spec.slug_refers_to
    for field, _ in spec.referring_fields:
        yield from field_references(field, fields.get(field.name))


def field_references(field: FieldSpec, value: object) -> Iterator[tuple[Address, Reference]]:
    """The objects to which a field refers with this value: one, several, or none."""
    slugs = value if isinstance(value, list | tuple) else (value,)
    for slug in slugs:
        if field.refers_to is not None and isinstance(slug, str):
            yield _target(field.refers_to, slug), field.refers_to


def referrers(
    addresses: Collection[Address], targets: Collection[Address]
) -> dict[Address, tuple[Address, ...]]:
    """Which of the addresses refer to each target by their slug; one without any is missing."""
    found: dict[Address, list[Address]] = defaultdict(list)
    for address in addresses:
        target = slug_target(address)
        if target is not None and target in targets:
            found[target].append(address)
    return {
        target: tuple(sorted(each, key=lambda address: address.sort_key))
        for target, each in found.items()
    }


def slug_target(address: Address) -> Address | None:
    """The object whose slug an object has, as a grant has its entitlement's."""
    reference = spec_of(address.kind).slug_refers_to
    return None if reference is None else _target(reference, address.slug)


def _target(reference: Reference, slug: str) -> Address:
    return Address(spec_of(reference.kind).kind, slug)
