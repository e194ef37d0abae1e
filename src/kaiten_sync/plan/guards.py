"""What a plan must not do. Each guard gives findings; none writes, none decides for the user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.model.address import Address, Kind, entitlement_address, group_address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.drift import Difference
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.settings import Limit, Policy
from kaiten_sync.model.value import ABSENT, UNLIMITED, Absent, Json

MINIMUM_POPULATION = 10
"""Live objects of a kind from which a share is meaningful (product.md, `policy`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that guards look at."""

    differences: Sequence[Difference]
    changes: Sequence[Change]
    desired: DesiredState
    live: LiveState
    policy: Policy


def refusals(case: Case) -> tuple[str, ...]:
    """Every reason not to carry out these changes, in the guards' order."""
    return tuple(finding for guard in _GUARDS for finding in guard(case))


def _cannot_change(case: Case) -> Iterator[str]:
    for difference in case.differences:
        for field in difference.fields:
            if field.effect is Effect.BREAKS:
                yield _broken(difference.address, field)


def _broken(address: Address, field: FieldChange) -> str:
    spec = spec_of(address.kind).fields[field.name]
    why = "once set, it stays" if spec.mutability is Mutability.ONCE else "the server fixes it"
    way_out = spec.way_out or "declare what the server has, or a new version"
    return (
        f"{address}: {field.name} cannot go from {_show(field.before)} to {_show(field.after)}"
        f" ({why}); {way_out}"
    )


def _missing_references(case: Case) -> Iterator[str]:
    for change in case.changes:
        for needed in _references(change):
            if needed not in case.live.resources and needed not in case.desired.resources:
                yield (
                    f"{change.address}: {needed} is neither declared here nor on the server;"
                    " declare it, or create it there first"
                )


def _references(change: Change) -> Iterator[Address]:
    if change.action is Action.DELETE:
        return
    if change.address.kind is Kind.GRANT:
        yield entitlement_address(change.address.slug)
    for field in change.fields:
        if field.name == "groups" and isinstance(field.after, list):
            yield from (group_address(str(slug)) for slug in field.after)


def _value_types(case: Case) -> Iterator[str]:
    """Grants of entitlements that only the server knows: the value must fit there."""
    for change in case.changes:
        entitlement = entitlement_address(change.address.slug)
        live = case.live.resources.get(entitlement)
        if change.address.kind is not Kind.GRANT or live is None:
            continue
        if entitlement in case.desired.resources:
            continue
        for field in change.fields:
            kind = str(live.fields.get("type"))
            if field.name == "value" and not _fits(kind, field.after):
                yield f"{change.address}: {_show(field.after)} is no value for a {kind} entitlement"


def _fits(entitlement_type: str, value: Json | Absent) -> bool:
    if value is ABSENT:
        return True
    match entitlement_type:
        case "BOOLEAN":
            return isinstance(value, bool)
        case "CONFIG":
            return isinstance(value, dict)
        case _:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number or value == UNLIMITED


def _archived_default(case: Case) -> Iterator[str]:
    clears = {c.address for c in case.changes if c.action is Action.CLEAR_DEFAULT}
    has_new_default = {
        _family(case, c.address) for c in case.changes if c.action is Action.MAKE_DEFAULT
    }
    for change in case.changes:
        live = case.live.resources.get(change.address)
        if change.action is not Action.ARCHIVE or live is None:
            continue
        is_relieved = change.address in clears or live.family_id in has_new_default
        if live.fields.get("isDefault") is True and not is_relieved:
            yield (
                f"{change.address}: the default version of its family cannot be archived;"
                " declare `isDefault: false`, or another version as the default"
            )


def _family(case: Case, address: Address) -> str | None:
    live = case.live.resources.get(address)
    if live is not None:
        return live.family_id
    desired = case.desired.resources.get(address)
    slug = desired.fields.get("familySlug") if desired else None
    for resource in case.live.resources.values():
        if slug is not None and resource.fields.get("familySlug") == slug:
            return resource.family_id
    return None


def _held_entitlements(case: Case) -> Iterator[str]:
    """An entitlement that a remaining grant holds cannot go."""
    deleted = {c.address for c in case.changes if c.action is Action.DELETE}
    for address in sorted(deleted, key=lambda a: a.sort_key):
        if address.kind is not Kind.ENTITLEMENT:
            continue
        holders = sorted(
            str(grant.license)
            for grant in case.live.resources
            if grant.kind is Kind.GRANT and grant.slug == address.slug and grant not in deleted
        )
        if holders:
            yield f"{address}: cannot be deleted while granted by {_some(holders)}"


def _too_many(case: Case) -> Iterator[str]:
    population = Counter(address.kind for address in case.live.resources)
    for actions, limit, name, verb in (
        ({Action.DELETE}, case.policy.max_deletes, "maxDeletes", "deletes"),
        (_UPDATING, case.policy.max_updates, "maxUpdates", "updates"),
    ):
        touched = Counter(
            address.kind for address in {c.address for c in case.changes if c.action in actions}
        )
        for kind, count in sorted(touched.items()):
            if _exceeds(limit, count, population[kind]):
                share = f"{100 * count / population[kind]:.0f}%" if population[kind] else "all"
                yield (
                    f"{verb} {count} of {population[kind]} live {spec_of(kind).plural} ({share});"
                    f" policy.{name} allows {limit}"
                )


_UPDATING = frozenset(set(Action) - {Action.CREATE, Action.DELETE})


def _exceeds(limit: Limit, count: int, population: int) -> bool:
    if limit.count is not None:
        return count > limit.count
    if limit.percent is None or population < MINIMUM_POPULATION:
        return False
    return count * 100 > limit.percent * population


def _show(value: Json | Absent) -> str:
    return "nothing" if value is ABSENT or value is None else str(value)


def _some(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(f"license/{name}" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


_GUARDS: tuple[Callable[[Case], Iterator[str]], ...] = (
    _cannot_change,
    _missing_references,
    _value_types,
    _archived_default,
    _held_entitlements,
    _too_many,
)
