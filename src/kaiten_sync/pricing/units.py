"""The units of a plan's numbers: as its changes found them, and as they leave them.

And values in a sentence, with their units.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeAlias

from kaiten_sync.kinds.units import quantities, unit_of
from kaiten_sync.licensing import may_scale_both, quantity_text
from kaiten_sync.model.address import Address
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import ABSENT, NO_UNIT, NO_UNITS, Absent, Fields, Json, Unit, is_number

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


def said(name: str, value: Json | Absent, unit: Unit = NO_UNIT, *, may_scale: bool = True) -> str:
    """The value of a field in a sentence: `1,000 calls`, `true`, `nothing` if it has none.

    `unit` is that of the object's number, which is only some field's.
    """
    if value is ABSENT or value is None:
        return "nothing"
    if is_number(value):
        own = unit if name in quantities() else NO_UNIT
        return quantity_text(value, own, may_scale=may_scale)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def both_said(
    name: str,
    one: Json | Absent,
    other: Json | Absent,
    units: tuple[Unit, Unit] = NO_UNITS,
) -> tuple[str, str]:
    """Two values of a field in one sentence, each in its own unit."""
    scale = may_scale_both(*units)
    return said(name, one, units[0], may_scale=scale), said(name, other, units[1], may_scale=scale)
