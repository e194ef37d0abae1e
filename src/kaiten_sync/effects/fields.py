"""The effect of a change on holders of the license: from order, not guesswork."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from kaiten_sync.kinds.spec import FieldSpec, KindSpec, Mutability, Order
from kaiten_sync.licensing import maximum
from kaiten_sync.model.change import Effect, FieldChange
from kaiten_sync.model.value import ABSENT, UNLIMITED, Absent, Fields, Json, is_number, is_same

_SEVERITY = {effect: rank for rank, effect in enumerate(Effect)}


def field_effect(spec: FieldSpec, before: Json | Absent, after: Json | Absent) -> Effect:
    """The effect of one changed field of an existing object."""
    match spec.mutability:
        case Mutability.IMMUTABLE | Mutability.CREATE_ONLY:
            return Effect.BREAKS
        case Mutability.ONCE if before is not None and before is not ABSENT:
            return Effect.BREAKS
        case Mutability.MOVE if spec.steps(before, after) is None:
            return Effect.BREAKS
    if spec.order is Order.NONE:
        return Effect.NEUTRAL
    low, high = _rank(before), _rank(after)
    if low is None or high is None or low == high:
        return Effect.NEUTRAL
    return Effect.LOOSENS if high > low else Effect.TIGHTENS


def creation_effect(spec: KindSpec, fields: Fields) -> Effect:
    """The effect of an object that appears with these fields."""
    return spec.created if spec.gives(fields) else Effect.NEUTRAL


def deletion_effect(spec: KindSpec, fields: Fields) -> Effect:
    """The effect of an object with these fields that goes."""
    return spec.deleted if spec.gives(fields) else Effect.NEUTRAL


def with_joint_effect(
    spec: KindSpec, changed: Sequence[FieldChange], before: Fields, after: Fields
) -> tuple[FieldChange, ...]:
    """The changes of one object, with the effect of those that limit usage only together.

    Its effect is that on the highest usage that is accepted, or else on the threshold. The changes
    that lead there have it; the others are neutral.
    """
    low, high = _limit(spec, before), _limit(spec, after)
    if low is None or high is None:  # there is no limit before or after
        return tuple(changed)
    joint = Effect.NEUTRAL
    if low != high:
        joint = Effect.LOOSENS if high > low else Effect.TIGHTENS
    limiting = [each for each in changed if each.name in spec.limited_by]
    # If none of them alone leads there, the first one has the effect: it must not get lost.
    leading = [each for each in limiting if each.effect is joint] or limiting[:1]
    return tuple(
        each.changed(effect=joint if each in leading else Effect.NEUTRAL)
        if each in limiting
        else each
        for each in changed
    )


def changed_fields(spec: KindSpec, before: Fields, after: Fields) -> tuple[FieldChange, ...]:
    """The fields of an object that differ, each with its effect. Both sides are whole."""
    changed = [
        FieldChange(name=name, before=old, after=new, effect=field_effect(field, old, new))
        for name, field in spec.fields.items()
        for old, new in [(before.get(name, ABSENT), after.get(name, ABSENT))]
        if not is_same(old, new)
    ]
    return with_joint_effect(spec, changed, before, after)


def worst(effects: Iterable[Effect]) -> Effect:
    """The gravest of several effects; neutral when there is none."""
    return max(effects, key=_SEVERITY.__getitem__, default=Effect.NEUTRAL)


def _limit(spec: KindSpec, fields: Fields) -> tuple[float, float] | None:
    """The highest accepted usage, then the threshold; None if usage is not limited by a number."""
    if not spec.limited_by:
        return None
    threshold, percent = (fields.get(name) for name in spec.limited_by)
    if threshold == UNLIMITED:
        return (math.inf, math.inf)
    if not is_number(threshold):
        return None
    overage = int(percent) if is_number(percent) and percent >= 0 else 0
    return (maximum(threshold, overage), float(threshold))


def _rank(value: Json | Absent) -> float | None:
    """The place of a value in its order; None if it has none."""
    if value == UNLIMITED:
        return float("inf")
    if isinstance(value, bool | int | float):
        return float(value)
    return None
