"""Derives again what a migration plan says, so that nothing in it is believed.

Whether its versions belong to the family, and its instances to the organization, shows when it is
applied: both are read again then, as all that was observed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from kaiten_sync.effects import grants_seen, move_effect
from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.instance import FAMILY, HELD, INSTANCE, KEPT, MOVE, STATE
from kaiten_sync.kinds.units import unit_holder, unit_names
from kaiten_sync.model.address import Address
from kaiten_sync.model.migration import Migration, Stays
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Json
from kaiten_sync.plan.move_cost import requests_to_move

_NOT_GIVEN = "ARCHIVED"
"""The state in which the server gives a version to nobody. Source: API facts, section 2.6."""


_DRAFT = "DRAFT"
"""The state of a version that is not for sale yet."""


def warnings_of(to: Address, state: Json | None) -> tuple[str, ...]:
    """What a reviewer should know of the version that a migration moves to."""
    return (f"{to} is a draft: its grants may still change",) if state == _DRAFT else ()


def check_migration(plan: Plan, migration: Migration) -> None:
    """Make sure that a plan moves holders of one family to one version of it, and nothing else.

    Raises:
        ValueError: it does not; the message names the first place.
    """
    for check in _CHECKS:
        for why in check(plan, migration):
            raise ValueError(why)


def _moves(plan: Plan, migration: Migration) -> Iterator[str]:
    seen = {each.address: each for each in plan.observed}
    moved: set[Address] = set()
    for change in plan.changes:
        if change.address in moved:
            yield f"{change.id} appears twice"
        moved.add(change.address)
        (field,) = change.fields
        if field.after != migration.to.slug or field.before == field.after:
            yield f"{change.id}: it moves to {field.after}, and the plan to {migration.to.slug}"
        found = seen.get(change.address)
        if found is None or found.fields is None or found.id is None:
            yield f"{change.id}: the plan did not look at {change.address}"
        elif found.fields.get(HELD) != field.before:
            yield f"{change.id}: {HELD} was something else before"
    # The wave is held to here as well: guards see the limit of the policy alone.
    if len(moved) > migration.most():
        yield f"changes: the wave takes {migration.most()} of {migration.holders}"


def _observed(plan: Plan, migration: Migration) -> Iterator[str]:
    """Exactly the moved instances, the versions concerned, their grants and units; each once."""
    counts = Counter(each.address for each in plan.observed)
    for address, count in counts.items():
        if count > 1:
            yield f"{address} is observed twice"
    held = (Address(migration.to.kind, str(each.fields[0].before)) for each in plan.changes)
    versions = {migration.to, *held} if plan.changes else set()
    instances = {change.address for change in plan.changes}
    granting = (e.address for e in plan.observed if e.address.parent in versions)
    measured = set(map(unit_holder, granting))
    for each in plan.observed:
        if each.address.kind == INSTANCE.kind:
            wanted = {HELD, *KEPT}
            is_needed = each.address in instances
        elif each.address.kind == GRANT.kind:
            wanted, is_needed = {*GRANT.required}, each.address.parent in versions
        elif each.address.kind == ENTITLEMENT.kind:
            wanted, is_needed = {*unit_names(GRANT.kind)}, each.address in measured
        else:
            wanted, is_needed = {FAMILY, STATE}, each.address in versions
        if not is_needed:
            yield f"observed: no move needs {each.address}"
        for name in sorted(wanted - (each.fields or {}).keys()):
            yield f"observed: the plan did not look at {name} of {each.address}"
    for version in sorted(versions - counts.keys(), key=lambda each: each.sort_key):
        yield f"observed: the plan did not look at {version}"


def _families(plan: Plan, migration: Migration) -> Iterator[str]:
    for each in plan.observed:
        if each.address.kind != migration.to.kind or each.fields is None:
            continue
        if each.id is None:
            yield f"observed: {each.address} has no id"
        if each.fields.get(FAMILY) != migration.family:
            yield f"observed: {each.address} is not a version of {migration.family}"
        if each.address == migration.to and each.fields.get(STATE) == _NOT_GIVEN:
            yield f"observed: {each.address} is archived, so nobody can get it"


def _effects(plan: Plan, migration: Migration) -> Iterator[str]:
    granted = grants_seen(plan)
    known = {
        version.slug: move_effect(grants, granted.get(migration.to, {}))
        for version, grants in granted.items()
    }
    for change in plan.changes:
        effect = known.get(str(change.fields[0].before))
        if {change.effect, change.fields[0].effect} != {effect}:
            yield f"{change.id}: its effect is {effect}, not {change.effect}"


def _numbers(plan: Plan, migration: Migration) -> Iterator[str]:
    effects = Counter(str(change.effect) for change in plan.changes)
    if dict(effects) != dict(plan.summary.effects):
        yield "summary.effects: they do not count the changes"
    if plan.summary.actions.get(str(MOVE), 0) != len(plan.changes):
        yield "summary.moves: it does not count the changes"
    least = requests_to_move(plan.changes, plan.observed, plan.guards)
    if plan.requests < least or (not plan.changes and plan.requests):
        yield f"requests: the moves take at least {least}, not {plan.requests}"
    if migration.holders != len(plan.changes) + len(migration.stays):
        named = len(plan.changes) + len(migration.stays)
        yield f"holders: {migration.holders}, but the plan lists {named}"


def _stays(plan: Plan, migration: Migration) -> Iterator[str]:
    moved = {change.address for change in plan.changes}
    stay = [each.address for each in migration.stays]
    if len({*stay}) != len(stay) or moved & {*stay}:
        yield "stays: a holder appears twice"
    for each in migration.stays:
        if each.version == migration.to.slug:
            yield f"stays: {each.address} has {migration.to} already"
    if migration.where is None and any(each.why is Stays.NOT_CHOSEN for each in migration.stays):
        yield "stays: an expression leaves out a holder, but the plan has no expression"
    if migration.wave is None and any(each.why is Stays.LATER for each in migration.stays):
        yield "stays: a later wave moves a holder, but the plan has no wave limit"
    for address in sorted(plan.guards.allowed - moved, key=lambda each: each.sort_key):
        yield f"guards.allowed: no move needs {address}"


def _warnings(plan: Plan, migration: Migration) -> Iterator[str]:
    """A plan without moves looks at no version, so that it may be a draft."""
    seen = next((each for each in plan.observed if each.address == migration.to), None)
    states = (_DRAFT, None) if seen is None else ((seen.fields or {}).get(STATE),)
    if plan.warnings not in [warnings_of(migration.to, each) for each in states]:
        yield "warnings: they do not follow from the version that it moves to"


_CHECKS: tuple[Callable[[Plan, Migration], Iterator[str]], ...] = (
    _moves,
    _observed,
    _families,
    _effects,
    _numbers,
    _stays,
    _warnings,
)
