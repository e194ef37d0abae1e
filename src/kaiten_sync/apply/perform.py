"""One change: send it, and check that the server now has what was asked."""

from __future__ import annotations

import json

from kaiten_sync.apply.freshness import (
    Expected,
    State,
    after,
    contradictions,
    matches,
    mismatches,
)
from kaiten_sync.errors import ConflictError, LeftError, NotKeptError, ProblemError
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds import instance
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.ports import Catalog, CatalogReader, Look
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, Absent, Fields, Json, is_alike
from kaiten_sync.pricing import said

_BILLED = "UpdateInstance.BillingActive"
_LEFT = {
    _BILLED: "it is billed, so the server does not let it go",
    "UpdateInstance.NotFound": "it is gone",
}
"""Refusals of a move that say something of one holder only. Source: API facts, section 2.6."""


class Written(Immutable, frozen=True):
    """Whether anything had to be written, and what must be as before, read right before that."""

    has_written: bool
    kept: Fields = {}  # noqa: RUF012  (a map of JSON, copied for each)


def send(catalog: Catalog, change: Change, expected: Expected) -> Written:
    """Carry out one change, unchecked.

    Raises:
        ConflictError: the object changed after the plan was checked; it was not written.
        LeftError: the change moves a holder that stays where it is; it was not written.
    """
    if change.action == instance.MOVE:
        return _move_holder(catalog, change, expected)
    look = _look(change, expected)
    match change.action:
        case Action.CREATE:
            has_written = catalog.create(change.address, wanted_fields(change))
        case Action.UPDATE:
            has_written = catalog.update(change.address, wanted_fields(change), look)
        case Action.DELETE:
            has_written = catalog.delete(change.address, look)
        case _:
            has_written = catalog.move(change.address, change.action, look)
    return Written(has_written)


def _move_holder(catalog: Catalog, change: Change, expected: Expected) -> Written:
    """Give an instance another version. Everything else of it is written as it was just read."""
    seen: dict[str, Json] = {}
    look = _look(change, expected)

    def remember(live: LiveResource | None) -> bool:
        # Read in the turn of the write itself, so that nothing of this run comes in between.
        seen.update(live.fields if live is not None else {})
        return look(live)

    try:
        has_written = catalog.update(change.address, {instance.HELD: expected.refers_to}, remember)
    except ConflictError as error:
        raise LeftError(error.message) from error
    except ProblemError as error:
        if error.code not in _LEFT:
            raise
        message = f"{_LEFT[error.code]} ({error.code})"
        is_billed = error.code == _BILLED
        raise LeftError(message, code=error.code, is_billed=is_billed) from error
    kept = {n: value for n, value in seen.items() if n not in (instance.HELD, instance.METADATA)}
    return Written(has_written, kept)


def _look(change: Change, expected: Expected) -> Look:
    def look(live: LiveResource | None) -> bool:
        # An apply that was stopped, or a person, has done it already.
        if matches(expected.after, live):
            return False
        if live is not None and matches(expected.before, live):
            return True
        seen, place = expected.before, change.source
        found_else = contradictions(change.address, seen, live, place, expected.units())
        diagnostics = tuple(found_else)
        found = "; ".join(each.sentence for each in diagnostics)
        raise ConflictError(
            f"it changed while the plan was applied, and was left alone: {found}",
            diagnostics,
            hint="make the plan again and review what is different",
        )

    return look


def verify(reader: CatalogReader, change: Change, kept: Fields) -> None:
    """Read an object back.

    Raises:
        NotKeptError: it is not what the change asked for, or it has not `kept` what it had.
    """
    found = reader.get(change.address)
    check(change, found)
    fields = {} if found is None else found.fields
    wrong = [name for name, value in kept.items() if not is_alike(value, fields.get(name, ABSENT))]
    if wrong:
        raise NotKeptError(
            f"the server accepted it, yet {', '.join(wrong)} became different",
            hint="look at the object: the change must leave everything else as it was",
        )


def verify_list(reader: CatalogReader, children: ChildList) -> dict[Address, LiveResource]:
    """All objects of a list, to check many changes with one reading."""
    return {each.address: each for each in reader.list_children(children) or ()}


def check(change: Change, live: LiveResource | None) -> None:
    """Compare what a change asked for with what the server has.

    Raises:
        NotKeptError: they differ; the message names the fields.
    """
    wanted = after(State(None, {}), change)
    if wanted is None or live is None:
        if (wanted is None) == (live is None):
            return
        state = "still there" if wanted is None else "not there"
        raise NotKeptError(f"the server accepted it, yet the object is {state}")
    wrong = [f"{name} is {_shown(name, found)}" for name, _, found in mismatches(wanted, live)]
    if wrong:
        raise NotKeptError(f"the server accepted it, yet {', '.join(wrong)}")


def _shown(name: str, value: Json | Absent) -> str:
    """A value in a sentence. A text is quoted: what a server cuts off are often spaces."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else said(name, value)


def wanted_fields(change: Change) -> Fields:
    """The fields to send: values, and None for what is cleared."""
    return {f.name: None if f.after is ABSENT else f.after for f in change.fields}
