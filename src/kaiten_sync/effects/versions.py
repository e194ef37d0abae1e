"""What moving from one version of a license to another does to a holder, by their grants."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.effects.fields import (
    creation_effect,
    deletion_effect,
    field_effect,
    with_joint_effect,
    worst,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect, FieldChange
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import ABSENT, Fields

Grants = Mapping[str, Fields]
"""The grants of a version by their entitlements."""


class Term(Immutable, frozen=True, kw_only=True):
    """What two versions grant of one entitlement; None if a version does not grant it."""

    entitlement: str
    before: Fields | None
    after: Fields | None
    effect: Effect


def terms(before: Grants, after: Grants) -> tuple[Term, ...]:
    """Every entitlement that one of two versions grants, by its slug."""
    return tuple(
        Term(entitlement=each, before=old, after=new, effect=_effect(old, new))
        for each in sorted(before.keys() | after.keys())
        for old, new in [(before.get(each), after.get(each))]
    )


def grants_seen(plan: Plan) -> Mapping[Address, Grants]:
    """The grants of each version that a migration plan observed, by its address."""
    found: dict[Address, dict[str, Fields]] = {
        each.address: {} for each in plan.observed if each.address.kind in GRANT.parents
    }
    for each in plan.observed:
        if each.address.parent is not None and each.fields is not None:
            found.setdefault(each.address.parent, {})[each.address.slug] = each.fields
    return found


def move_effect(before: Grants, after: Grants) -> Effect:
    """The gravest effect of all that differs; neutral if nothing does."""
    return worst(term.effect for term in terms(before, after))


def _effect(before: Fields | None, after: Fields | None) -> Effect:
    if before is None:
        return creation_effect(GRANT, after or {})
    if after is None:
        return deletion_effect(GRANT, before)
    changes: list[FieldChange] = []
    for name, spec in GRANT.fields.items():
        old, new = before.get(name, ABSENT), after.get(name, ABSENT)
        if old != new:
            changes.append(FieldChange(name=name, effect=field_effect(spec, old, new)))
    return worst(each.effect for each in with_joint_effect(GRANT, tuple(changes), before, after))
