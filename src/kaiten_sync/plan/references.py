"""What a change refers to, by the tables: an entitlement's groups, a grant's entitlement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Reference
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.value import Absent, Json

Side = Literal["before", "after"]


def references(change: Change, side: Side) -> Iterator[tuple[Address, Reference]]:
    """The objects that a changed object refers to, before or after the change.

    Only what the change itself has on that side: a reference that stays as it is, is not there.
    """
    spec = spec_of(change.address.kind)
    is_there = change.action != (Action.CREATE if side == "before" else Action.DELETE)
    if spec.slug_refers_to is not None and is_there:
        yield _target(spec.slug_refers_to, change.address.slug), spec.slug_refers_to
    for field in change.fields:
        reference = spec.fields[field.name].refers_to
        if reference is not None:
            for slug in _slugs(field.before if side == "before" else field.after):
                yield _target(reference, slug), reference


def referred(change: Change, side: Side, *, strict_only: bool = False) -> Iterator[Address]:
    """The addresses of `references`; `strict_only` leaves out those that may lead nowhere."""
    for address, reference in references(change, side):
        if reference.is_strict or not strict_only:
            yield address


def _target(reference: Reference, slug: str) -> Address:
    return Address(spec_of(reference.kind).kind, slug)


def _slugs(value: Json | Absent) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(slug) for slug in value] if isinstance(value, list) else []
