"""What a plan must not do. Each guard gives findings; none writes, none decides for the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kaiten_sync.kinds.addresses import entitlement_address, group_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.license import LicenseMove
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import Mutability
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, Effect, FieldChange
from kaiten_sync.model.drift import Difference
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Guards, Plan
from kaiten_sync.model.resource import DesiredState, LiveState
from kaiten_sync.model.value import ABSENT, UNLIMITED, Absent, Json
from kaiten_sync.plan.families import family_of
from kaiten_sync.plan.held import held
from kaiten_sync.plan.limits import too_many
from kaiten_sync.plan.ownership import deleted
from kaiten_sync.plan.protection import Need, protected_harm, unmet
from kaiten_sync.plan.words import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that guards look at. `needs` is what only `guards.allowed` permits."""

    differences: Sequence[Difference]
    changes: Sequence[Change]
    desired: DesiredState
    live: LiveState
    guards: Guards
    needs: Sequence[Need] = ()
    holders: Holders = field(default_factory=Holders)


def refusals(case: Case) -> tuple[str, ...]:
    """Every reason not to carry out these changes, in the guards' order."""
    return tuple(finding for guard in _GUARDS for finding in guard(case))


def recheck(plan: Plan) -> tuple[str, ...]:
    """The limits and the protection once more, from what stands in the plan alone."""
    needs = protected_harm(plan.changes, plan.guards.protected)
    return (*unmet(needs, plan.guards.allowed), *too_many(plan.changes, plan.guards))


def _cannot_change(case: Case) -> Iterator[str]:
    for difference in case.differences:
        for changed in difference.fields:
            if changed.effect is Effect.BREAKS:
                yield _broken(difference.address, changed)


def _broken(address: Address, changed: FieldChange) -> str:
    spec = spec_of(address.kind).fields[changed.name]
    why = "once set, it stays" if spec.mutability is Mutability.ONCE else "the server fixes it"
    way_out = spec.way_out or "declare what the server has, or a new version"
    return (
        f"{address}: {changed.name} cannot go from {show(changed.before)} to"
        f" {show(changed.after)} ({why}); {way_out}"
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
    if change.action == Action.DELETE:
        return
    if change.address.kind == GRANT.kind:
        yield entitlement_address(change.address.slug)
    for changed in change.fields:
        if changed.name == "groups" and isinstance(changed.after, list):
            yield from (group_address(str(slug)) for slug in changed.after)


def _value_types(case: Case) -> Iterator[str]:
    """Grants of entitlements that only the server knows: the value must fit there."""
    for change in case.changes:
        entitlement = entitlement_address(change.address.slug)
        live = case.live.resources.get(entitlement)
        if change.address.kind != GRANT.kind or live is None:
            continue
        if entitlement in case.desired.resources:
            continue
        for changed in change.fields:
            kind = str(live.fields.get("type"))
            if changed.name == "value" and not _fits(kind, changed.after):
                yield (
                    f"{change.address}: {show(changed.after)} is no value for a {kind} entitlement"
                )


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
    clears = {c.address for c in case.changes if c.action == LicenseMove.CLEAR_DEFAULT}
    has_new_default = {
        _family(case, c.address) for c in case.changes if c.action == LicenseMove.MAKE_DEFAULT
    }
    for change in case.changes:
        live = case.live.resources.get(change.address)
        if change.action != LicenseMove.ARCHIVE or live is None:
            continue
        is_relieved = change.address in clears or live.family_id in has_new_default
        if live.fields.get("isDefault") is True and not is_relieved:
            yield (
                f"{change.address}: the default version of its family cannot be archived;"
                " declare `isDefault: false`, or another version as the default"
            )


def _family(case: Case, address: Address) -> str | None:
    declared = case.desired.resources.get(address)
    return family_of(address, declared.fields.get("familySlug") if declared else None, case.live)


def _somebody_holds(case: Case) -> Iterator[str]:
    yield from held(case.holders, deleted(case.changes))


def _not_allowed(case: Case) -> Iterator[str]:
    yield from unmet(case.needs, case.guards.allowed)


def _too_many(case: Case) -> Iterator[str]:
    yield from too_many(case.changes, case.guards)


_GUARDS: tuple[Callable[[Case], Iterator[str]], ...] = (
    _cannot_change,
    _missing_references,
    _value_types,
    _archived_default,
    _somebody_holds,
    _not_allowed,
    _too_many,
)
