"""The units of a plan's numbers: as its changes found them, and as they leave them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from kaiten_sync.kinds.units import unit_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import ABSENT, Fields, Unit

Known: TypeAlias = "Mapping[Address, Fields]"
"""The fields of objects at the top of the catalog, as far as a plan shows them."""


def known_in_plan(plan: Plan) -> tuple[Known, Known]:
    """What a plan shows of every object at the top of the catalog: before it, and after it.

    Only those have names and units, and the others are almost all of a plan.
    """
    tops = (each for each in plan.observed if each.address.parent is None)
    before = {each.address: each.fields for each in tops if each.fields is not None}
    after: dict[Address, Fields] = dict(before)
    for change in plan.changes:
        if change.address.parent is not None:
            continue
        fields = dict(after.get(change.address, {}))
        for field in change.fields:
            fields.pop(field.name, None)
            if field.after is not ABSENT:
                fields[field.name] = field.after
        after[change.address] = fields
    return before, after


def units_of_plan(address: Address, before: Known, after: Known) -> tuple[Unit, Unit]:
    """The unit of an object's number before a plan, and after it."""
    return unit_of(address, before), unit_of(address, after)
