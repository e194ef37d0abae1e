"""The objects that a change refers to, such as an entitlement's groups, by the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kaiten_sync.kinds import references as tables
from kaiten_sync.kinds.spec import Reference
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change

Side = Literal["before", "after"]


def references(change: Change, side: Side) -> Iterator[tuple[Address, Reference]]:
    """The objects that a changed object refers to, before or after the change.

    Of its fields, only those that the change is about.
    """
    if change.action != (Action.CREATE if side == "before" else Action.DELETE):
        fields = {f.name: f.before if side == "before" else f.after for f in change.fields}
        yield from tables.references(change.address, fields)


def referred(change: Change, side: Side, *, strict_only: bool = False) -> Iterator[Address]:
    """The addresses of `references`; `strict_only` leaves out those that may lead nowhere."""
    for address, reference in references(change, side):
        if reference.is_strict or not strict_only:
            yield address
