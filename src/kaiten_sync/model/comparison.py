"""Two live catalogs, and how they differ from each other."""

from __future__ import annotations

from enum import StrEnum

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import FieldChange
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.value import NO_UNITS, Unit


class Presence(StrEnum):
    """Which of two servers has an object."""

    BOTH = "both"
    FIRST = "first"
    SECOND = "second"


class ComparedObject(Immutable, frozen=True, kw_only=True):
    """One object that differs. In `fields`, before is the first server and after the second.

    `units` are those of its number on each.
    """

    address: Address
    presence: Presence
    fields: tuple[FieldChange, ...] = ()
    units: tuple[Unit, Unit] = NO_UNITS


class Comparison(Immutable, frozen=True, kw_only=True):
    """Every difference between two servers, by address.

    `compared` counts the objects that either has, and `declared` the differences that are left out
    because the declaration of the two targets says so.
    """

    first: TargetRef
    second: TargetRef
    differences: tuple[ComparedObject, ...]
    compared: int
    declared: int = 0
