"""Whether a plan is one story: each change begins with what was seen, or was left before it.

A plan that kaiten-sync made always does. One that somebody wrote may not, and then the check of
what was observed would not protect what is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, changed_again
from kaiten_sync.model.plan import Observed
from kaiten_sync.model.value import ABSENT, Absent, Json, is_same

State: TypeAlias = "Mapping[str, Json] | None"
"""The fields of an object, null if one is not set; None if there is no object."""


def check_story(changes: Sequence[Change], observed: Sequence[Observed]) -> None:
    """Make sure that every change follows from what was observed.

    Raises:
        ValueError: one does not; the message names it.
    """
    again = changed_again(changes)
    now: dict[Address, State] = {}
    for each in observed:
        if each.address in now:
            raise ValueError(f"{each.address} is observed twice")
        now[each.address] = each.fields
    created = {c.address for c in changes if c.action == Action.CREATE and c.address in again}
    for change in changes:
        _check_begin(change, now, is_created=change.address in created)
        if change.address in again:  # or nobody asks what it leaves behind
            after = {field.name: _null(field.after) for field in change.fields}
            is_gone = change.action == Action.DELETE
            now[change.address] = None if is_gone else {**(now[change.address] or {}), **after}


def _check_begin(change: Change, now: Mapping[Address, State], *, is_created: bool) -> None:
    if change.address not in now:
        raise ValueError(f"{change.id}: the plan did not look at {change.address}")
    before = now[change.address]
    if (change.action == Action.CREATE) != (before is None):
        state = "is not there" if before is None else "is there already"
        raise ValueError(f"{change.id}: {change.address} {state}")
    # Of what it creates the plan need not know every field, and a delete takes all of them.
    is_free = is_created or change.action in (Action.CREATE, Action.DELETE)
    known = before or {}
    for field in change.fields:
        if field.name not in known:
            if not is_free:
                raise ValueError(f"{change.id}: the plan did not look at {field.name}")
        elif not is_same(known[field.name], _null(field.before)):
            raise ValueError(f"{change.id}: {field.name} was something else before")


def _null(value: Json | Absent) -> Json:
    return None if value is ABSENT else value
