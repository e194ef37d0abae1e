"""What a field change does to whoever holds the license: from order, not guesswork."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.kinds.spec import FieldSpec, Mutability, Order
from kaiten_sync.model.change import Effect
from kaiten_sync.model.value import ABSENT, UNLIMITED, Absent, Json

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
    return _by_order(spec.order, before, after)


def worst(effects: Iterable[Effect]) -> Effect:
    """The gravest of several effects; neutral when there is none."""
    return max(effects, key=_SEVERITY.__getitem__, default=Effect.NEUTRAL)


def _by_order(order: Order, before: Json | Absent, after: Json | Absent) -> Effect:
    if order is Order.NONE:
        return Effect.NEUTRAL
    low, high = _rank(before), _rank(after)
    if low is None or high is None or low == high:
        return Effect.NEUTRAL
    return Effect.LOOSENS if high > low else Effect.TIGHTENS


def _rank(value: Json | Absent) -> float | None:
    """Where a value stands in its order; None where it has none."""
    if value == UNLIMITED:
        return float("inf")
    if isinstance(value, bool | int | float):
        return float(value)
    return None
