"""Counters that start again from 0: a reset period set on an entitlement that is there already.

The server closes the usage so far, counts again from 0, and keeps the period for good. Source: API
facts, sections 1.6 and 2.2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, FieldChange
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.holder import Holders
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.plan.protection import Consent
from kaiten_sync.plan.words import some
from kaiten_sync.pricing import said


def restarting(differences: Iterable[Difference]) -> dict[Address, str]:
    """The live objects whose usage starts again, each with what is set."""
    found: dict[Address, str] = {}
    for difference in differences:
        if difference.drift is DriftClass.CHANGED:
            for field in _restarts(difference.address, difference.fields):
                found[difference.address] = f"{field.name}: {said(field.name, field.after)}"
    return found


def restarted_by(changes: Iterable[Change], allowed: Collection[Address]) -> list[Change]:
    """The changes that start usage again, apart from those that a person allowed."""
    return [
        each
        for each in changes
        if each.action == Action.UPDATE
        and each.address not in allowed
        and any(_restarts(each.address, each.fields))
    ]


def unused(
    changes: Iterable[Change], use: Holders, allowed: Collection[Address]
) -> frozenset[Address]:
    """The restarted counters that were looked at and have no users."""
    addresses = (each.address for each in restarted_by(changes, allowed))
    return frozenset(each for each in addresses if _users(each, use) is None)


def still_to_restart(plan: Plan, found: Mapping[Address, LiveResource]) -> frozenset[Address]:
    """The counters that applying the plan would restart now without permission.

    The changes decide, and not the mark: an edited plan could leave it out. A counter that is
    restarted by now may be in use again.
    """
    return frozenset(
        change.address
        for change in restarted_by(plan.changes, plan.guards.allowed)
        if change.address in found
        and any(
            # A period is a text; null and a field that is not there both mean that there is none.
            not isinstance(found[change.address].fields.get(field.name), str)
            for field in _restarts(change.address, change.fields)
        )
    )


def used_since(restarted: Collection[Address], use: Holders) -> Iterator[Diagnostic]:
    """Restarted counters that had no users when the plan was made, and have some now."""
    for address in sorted(restarted, key=lambda each: each.sort_key):
        users = _users(address, use)
        if users is None:
            continue
        by_now = f"now {users} can"
        if address not in use.checked:
            by_now = f"and its users could not be listed now ({use.gap})"
        yield Diagnostic(
            rule="used-since-plan",
            message="its usage would restart at 0; no instance could use it when the plan was made,"
            f" {by_now}",
            address=str(address),
        )


def restart_needs(restarted: dict[Address, str], use: Holders) -> Iterator[Consent]:
    """Counters that have users, or whose users could not be listed."""
    for address, what in restarted.items():
        if (users := _users(address, use)) is not None:
            yield Consent(
                address=address,
                diagnostic=Diagnostic(
                    rule="usage-restart",
                    message=f"`{what}` restarts the usage of {users} at 0, which cannot be undone",
                    address=str(address),
                    hint=f"remove it, or pass --allow {address}",
                ),
            )


def restart_warnings(restarted: dict[Address, str]) -> Iterator[Diagnostic]:
    """A warning for the reviewer about each restarted counter."""
    for address, what in restarted.items():
        yield Diagnostic(
            rule="usage-restart",
            message=f"`{what}` restarts the usage of every instance at 0; once set, it cannot be"
            " removed",
            address=str(address),
            severity=Severity.WARNING,
        )


def _restarts(address: Address, fields: Sequence[FieldChange]) -> Iterator[FieldChange]:
    """The fields whose being set starts usage again."""
    specs = spec_of(address.kind).fields
    for field in fields:
        is_set_now = not isinstance(field.before, str) and isinstance(field.after, str)
        if is_set_now and specs[field.name].restarts_usage:
            yield field


def _users(address: Address, use: Holders) -> str | None:
    """The users of a counter, in words; None if it has none."""
    # Unknown counts as used: usage that is started again cannot be brought back.
    if address not in use.checked:
        why = f": {use.gap}" if use.gap is not None else ""
        return f"all instances that use it (they could not be listed{why})"
    referrers = use.referrers.get(address, ())
    # By the licenses that grant it: an instance is a user before its first report.
    holders = {each for a in referrers if a.parent for each in use.instances.get(a.parent, ())}
    if not holders:
        return None
    return some([f"instance/{slug}" for slug in sorted(holders)])
