"""Compares declared objects with live ones, declared fields only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from kaiten_sync.effects import (
    creation_effect,
    deletion_effect,
    field_effect,
    inner_changes,
    with_joint_effect,
    worst,
)
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import KindSpec, Mutability
from kaiten_sync.kinds.units import unit_holder, unit_of
from kaiten_sync.kinds.values import normal_value
from kaiten_sync.model.address import Address, by_address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.drift import CatalogDiff, Difference, DriftClass
from kaiten_sync.model.resource import DesiredState, LiveResource, LiveState, Resource
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.value import ABSENT, Json, is_same, spelled_as

_PLAIN = frozenset({bool, int, str})
"""Types of values that are the same if they are equal and of one type."""


def diff_catalog(desired: DesiredState, live: LiveState, scope: Scope) -> CatalogDiff:
    """Every difference, in address order.

    Declared and not live: missing. Both and not alike: changed. Live, in scope, not declared:
    unmanaged, which is drift if the declaration owns the place. Objects inside another are left
    out unless that declares such objects.
    """
    differences = [
        difference
        for resource in desired.resources.values()
        if (difference := _compare(resource, live.resources.get(resource.address)))
    ]
    unchanged = len(desired.resources) - len(differences)
    for address, found in live.resources.items():
        if address in desired.resources:
            continue
        is_owned = desired.owns_place_of(address)
        if scope.covers(address) and (address.parent is None or is_owned):
            differences.append(_unmanaged(found).changed(is_drift=is_owned))
    return CatalogDiff(differences=_sorted(differences), unchanged=unchanged)


def with_deleted(diff: CatalogDiff, live: LiveState, going: Collection[Address]) -> CatalogDiff:
    """The differences with all that a plan deletes: that is drift wherever it is."""
    shown = {difference.address for difference in diff.differences}
    differences = [
        each.changed(is_drift=each.is_drift or each.address in going) for each in diff.differences
    ]
    differences += [
        _unmanaged(live.resources[address]) for address in going if address not in shown
    ]
    return diff.changed(differences=_sorted(differences))


def with_named(
    diff: CatalogDiff, live: LiveState, desired: DesiredState, named: Iterable[Address]
) -> CatalogDiff:
    """The differences with what is named and the server has, also inside what nobody declares.

    It is adopted with what it is in, or not at all if that is declared and leaves it alone.
    """
    shown = {difference.address for difference in diff.differences}
    differences = [
        _unmanaged(live.resources[address]).changed(
            is_drift=False,
            adopted_with=tuple({address.parent} - {None, *desired.resources}),
        )
        for address in named
        if address in live.resources and address not in shown
    ]
    return diff.changed(differences=_sorted([*diff.differences, *differences]))


def with_units(
    differences: Iterable[Difference], desired: DesiredState, live: LiveState
) -> Iterator[Difference]:
    """The differences with the units of their numbers, as the server and git name them."""
    there = {address: found.fields for address, found in live.resources.items()}
    for each in differences:
        holder = unit_holder(each.address)
        wanted = desired.resources.get(holder) if holder is not None else None
        if holder is not None:
            both = {**there.get(holder, {}), **(wanted.fields if wanted is not None else {})}
            units = (unit_of(each.address, there), unit_of(each.address, {holder: both}))
            yield each.changed(units=units)
        else:
            yield each


def _sorted(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    return tuple(by_address(differences, lambda difference: difference.address))


def _compare(resource: Resource, live: LiveResource | None) -> Difference | None:
    if live is None:
        return _missing(resource)
    if _is_as_declared(resource, live):
        return None
    changed = tuple(_changed_fields(resource, live))
    if not changed:
        return None
    after = {**live.fields, **{f.name: f.after for f in changed if f.after is not ABSENT}}
    fields = with_joint_effect(spec_of(resource.address.kind), changed, live.fields, after)
    return Difference(
        address=resource.address,
        drift=DriftClass.CHANGED,
        fields=fields,
        effect=worst(change.effect for change in fields),
        source=resource.source,
        updated_at=live.updated_at,
        updated_by=live.updated_by,
    )


def _is_as_declared(resource: Resource, live: LiveResource) -> bool:
    """Whether nothing differs, as far as a look at plain values says: mostly that is enough."""
    there = live.fields
    for name, declared in resource.fields.items():
        found = there.get(name, ABSENT)
        if type(declared) not in _PLAIN or type(found) is not type(declared) or found != declared:
            return False
    return not any(_implied(spec_of(resource.address.kind), resource, live))


def _missing(resource: Resource) -> Difference:
    kind = spec_of(resource.address.kind)
    return Difference(
        address=resource.address,
        drift=DriftClass.MISSING,
        fields=tuple(
            FieldChange(
                name=name,
                after=normal_value(kind.fields[name], value),
                source=resource.source_of(name),
            )
            for name, value in _in_order(kind, resource)
            if value is not None
        ),
        effect=creation_effect(kind, resource.fields),
        source=resource.source,
    )


def _unmanaged(live: LiveResource) -> Difference:
    return Difference(
        address=live.address,
        drift=DriftClass.UNMANAGED,
        fields=tuple(FieldChange(name=name, before=value) for name, value in live.fields.items()),
        effect=deletion_effect(spec_of(live.address.kind), live.fields),
        updated_at=live.updated_at,
        updated_by=live.updated_by,
    )


def _changed_fields(resource: Resource, live: LiveResource) -> Iterator[FieldChange]:
    kind = spec_of(resource.address.kind)
    for name, declared in chain(_in_order(kind, resource), _implied(kind, resource, live)):
        spec = kind.fields[name]
        before = live.fields.get(name, ABSENT)
        if declared is None:  # null means what the server has if the field was never set
            wanted = spec.default({**live.fields, **resource.fields})
        else:
            wanted = normal_value(spec, declared)
        # What looks the same as on the server, but for how Unicode composes it, is not a
        # difference.
        after = spelled_as(before, wanted)
        # A field may steer creation only, and the server does not show what came of it.
        is_unseen = spec.mutability is Mutability.CREATE_ONLY and before is ABSENT
        if is_unseen or is_same(before, after):
            continue
        yield FieldChange(
            name=name,
            before=before,
            after=after,
            effect=field_effect(spec, before, after),
            source=resource.source_of(name),
            inner=inner_changes(before, after),
        )


def _in_order(kind: KindSpec, resource: Resource) -> Iterator[tuple[str, Json]]:
    """The declared fields in their kind's order: how a file is written changes no plan."""
    for name in kind.fields:
        if name in resource.fields:
            yield name, resource.fields[name]


def _implied(kind: KindSpec, resource: Resource, live: LiveResource) -> Iterator[tuple[str, None]]:
    """The fields that are declared by leaving them out, if the server has set them.

    A default that follows from other fields follows them by itself.
    """
    for spec in kind.implied:
        is_set = spec.name not in resource.fields and spec.name in live.fields
        if is_set and live.fields[spec.name] != spec.default(live.fields):
            yield spec.name, None
