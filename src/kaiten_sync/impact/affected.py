"""Which changes of a plan take something from holders or give more, and what each leaves them.

Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from kaiten_sync.effects import handed_on
from kaiten_sync.impact.limits import limit_of, threshold_of
from kaiten_sync.impact.moving import affected_by_migration
from kaiten_sync.kinds.registry import move_of, spec_of
from kaiten_sync.kinds.spec import HeldBy
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.impact import Affected
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Absent, Fields, Json
from kaiten_sync.pricing import known_in_plan, units_of_plan

_Fields = Mapping[str, Json | Absent]


def affected_by(plan: Plan) -> tuple[Affected, ...]:
    """The changes that tighten or break something that instances hold, in the plan's order.

    What goes together with its license is left out: a license that is held is not deleted.
    """
    if plan.migration is not None:
        moved = affected_by_migration(plan, plan.migration.to)
        return _with_units(tuple(moved), plan)
    seen = {each.address: each.fields for each in plan.observed if each.fields is not None}
    gone = {each.address for each in plan.changes if each.action == Action.DELETE}
    handed = handed_on(plan.changes)
    found = []
    for change in plan.changes:
        holder = _held(change.address)
        if handed and change.id in handed:
            continue  # another version is sold from now on, and whoever has this one keeps it
        if holder is not None and change.address.parent not in gone and _takes_away(change):
            found.append(_affected(change, holder, seen.get(change.address, {})))
    return _with_units(found, plan)


def raised_by(plan: Plan) -> tuple[Affected, ...]:
    """The changes that raise a number that instances may use, in the plan's order."""
    seen = {each.address: each.fields for each in plan.observed if each.fields is not None}
    found = []
    for change in plan.changes:
        holder = _held(change.address)
        if holder is None or change.action != Action.UPDATE or change.effect != Effect.LOOSENS:
            continue
        raised = _affected(change, holder, seen.get(change.address, {}))
        if raised.before is not None and raised.before < (raised.after or -math.inf):
            found.append(raised)
    return _with_units(found, plan)


def affected_grant(change: Change, seen: Fields) -> Affected | None:
    """What a change of one grant takes away; None if it takes nothing. `seen` is the grant now."""
    holder = _held(change.address)
    if holder is None or not _takes_away(change):
        return None
    return _affected(change, holder, seen)


def _with_units(found: Sequence[Affected], plan: Plan) -> tuple[Affected, ...]:
    known = known_in_plan(plan) if found else ({}, {})
    return tuple(each.changed(units=units_of_plan(each.address, *known)) for each in found)


def _held(address: Address) -> Address | None:
    """The object that instances hold: this one or the one it is in; None if they hold neither."""
    for each in (address, address.parent):
        if each is not None and spec_of(each.kind).held_by is HeldBy.INSTANCES:
            return each
    return None


def _takes_away(change: Change) -> bool:
    move = move_of(change.address.kind, change.action)
    return change.effect.is_harmful or (move is not None and move[1].withdraws)


def _affected(change: Change, holder: Address, seen: _Fields) -> Affected:
    spec = spec_of(change.address.kind)
    is_inside = change.address is not holder and bool(spec.limited_by)
    before: _Fields = {**seen, **{each.name: each.before for each in change.fields}}
    after: _Fields = {**seen, **{each.name: each.after for each in change.fields}}
    limit = limit_of(spec.limited_by, before) if is_inside else None
    left: _Fields = after if is_inside and change.action != Action.DELETE else {}
    return Affected(
        address=change.declared,
        action=change.action,
        version=holder.slug,
        entitlement=change.address.slug if is_inside else None,
        is_metered=limit is not None,
        before=limit,
        after=limit_of(spec.limited_by, left) if is_inside else None,
        threshold=threshold_of(before.get(spec.limited_by[0])) if is_inside else None,
        threshold_after=threshold_of(left.get(spec.limited_by[0])) if is_inside else None,
    )
