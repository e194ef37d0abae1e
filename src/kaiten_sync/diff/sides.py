"""Which side changed since the plan was agreed: git, the server, or both. Stage 4."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kaiten_sync.diff.agreed import meaning, record_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.plan import Observed, Plan
from kaiten_sync.model.resource import DesiredState, LiveResource, LiveState
from kaiten_sync.model.value import ABSENT, Absent, Json, is_alike


def with_sides(
    differences: Collection[Difference],
    desired: DesiredState,
    live: LiveState,
    agreed: Plan,
    going: Collection[Address] = (),
    pending: Collection[Address] = (),
) -> tuple[Difference, ...]:
    """The differences, each with the side that changed and with the agreed values, if known.

    What a plan of which nothing is done yet is still to do, git is ahead with. Once something of
    it is done it counts as applied: what it created and is gone, somebody deleted. `going` is what
    a plan made now deletes, and `pending` are objects of which nothing that was agreed is done.
    """
    seen = {observed.address: observed for observed in agreed.observed}
    is_begun = any(
        _is_done(change, live.resources.get(change.address)) for change in agreed.changes
    )
    planned = set() if is_begun else {change.address for change in agreed.changes}
    owned = agreed.managed.keys() | {c.address for c in agreed.changes if c.action == Action.DELETE}
    record = record_of(agreed)

    def with_side(difference: Difference) -> Difference:
        address = difference.address
        resource, found = desired.resources.get(address), live.resources.get(address)
        if difference.drift is DriftClass.UNMANAGED:
            return _ahead(difference) if address in owned and address in going else difference
        form = record.fields_of(address, resource, found)
        known = difference
        if form is not None:
            others = {} if found is None else found.fields
            names = [each.name for each in difference.fields]
            values = {name: meaning(address.kind, name, form, others) for name in names}
            agreed_values = {name: v for name, v in values.items() if v is not ABSENT}
            known = difference.changed(agreed=agreed_values)
        is_to_do = address in planned and _is_as_seen(seen.get(address), found)
        # Nobody agreed on it before, or nobody has done it yet: whatever the server has, git is
        # ahead.
        if is_to_do or address.root in pending or address not in agreed.managed:
            return _ahead(known)
        return known if difference.drift is DriftClass.MISSING else _judged(known)

    return tuple(map(with_side, differences))


def is_to_do(judged: Iterable[Difference], agreed: Plan) -> bool:
    """Whether git is ahead with something that the agreed plan makes as it is declared.

    Then nothing of that plan is done. Whether it ever was, only its apply knew (ADR 15).
    """
    planned = {change.address for change in agreed.changes}
    return any(
        each.moved is Verdict.GIT_AHEAD
        and each.address in planned
        and each.drift is not DriftClass.UNMANAGED  # its id shows whether it was deleted
        and (each.drift is DriftClass.MISSING or not each.changed_in_git)
        for each in judged
    )


def _judged(difference: Difference) -> Difference:
    """Which side changed each field; a field that was not managed then, git has changed."""
    if difference.agreed is None:
        return difference.changed(moved=Verdict.CONFLICT)
    edited = tuple(
        each.name
        for each in difference.fields
        if each.name in difference.agreed
        and not is_alike(_value(each.before), difference.agreed[each.name])
    )
    if not edited:
        return _ahead(difference)
    moved = Verdict.CONFLICT if difference.changed_in_git else Verdict.SERVER_EDITED
    return difference.changed(moved=moved, server_edited=edited)


def _ahead(difference: Difference) -> Difference:
    return difference.changed(moved=Verdict.GIT_AHEAD, server_edited=())


def _is_done(change: Change, found: LiveResource | None) -> bool:
    if change.action == Action.DELETE or found is None:
        return change.action == Action.DELETE and found is None
    return change.action == Action.CREATE or all(
        is_alike(_value(field.after), found.fields.get(field.name)) for field in change.fields
    )


def _is_as_seen(seen: Observed | None, found: LiveResource | None) -> bool:
    """Whether an object is as the plan found it: then the plan is not applied to it yet."""
    if seen is None or seen.fields is None or found is None:
        return seen is not None and seen.fields is None and found is None
    return seen.id == found.id and all(
        is_alike(value, found.fields.get(name)) for name, value in seen.fields.items()
    )


def _value(value: Json | Absent) -> Json:
    return None if value is ABSENT else value
