"""What a migration's next wave gets that the one before it did not. Stage 5. Pure.

Each wave is a plan of its own, and somebody may have changed what the version grants between two.
"""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.units import unit_of
from kaiten_sync.model.address import Address, by_address
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Fields, is_alike
from kaiten_sync.pricing import both_said, known_in_plan


def changed_between(before: Plan, plan: Plan) -> Iterator[Diagnostic]:
    """What the version that both plans move to grants differently by now."""
    if before.migration is None or plan.migration is None or before.target != plan.target:
        return
    to = plan.migration.to
    if before.migration.to != to or not (before.changes and plan.changes):
        return
    old, new = _granted(before, to), _granted(plan, to)
    known = known_in_plan(before)[0], known_in_plan(plan)[0]
    for address in by_address(old.keys() | new.keys(), lambda each: each):
        units = unit_of(address, known[0]), unit_of(address, known[1])
        one, other = old.get(address), new.get(address)
        if one is None or other is None:
            said = "it was granted" if other is None else "it was not granted"
            now = "it is not now" if other is None else "it is now"
            yield _note(address, f"{said} when the wave before was planned, and {now}")
            continue
        for name in sorted(one.keys() | other.keys()):
            if not is_alike(one.get(name), other.get(name)):
                then, now = both_said(name, one.get(name), other.get(name), units)
                yield _note(
                    address, f"{name} was {then} when the wave before was planned, now it is {now}"
                )


def _granted(plan: Plan, version: Address) -> dict[Address, Fields]:
    inside = (each for each in plan.observed if each.address.parent == version)
    return {each.address: each.fields for each in inside if each.fields is not None}


def _note(address: Address, message: str) -> Diagnostic:
    return Diagnostic(
        rule="changed-since-plan",
        message=message,
        severity=Severity.NOTE,
        address=str(address),
    )
