"""One change: send it, and check that the server now has what was asked."""

from __future__ import annotations

from kaiten_sync.apply.freshness import (
    Expected,
    State,
    after,
    contradictions,
    matches,
    mismatches,
)
from kaiten_sync.errors import ConflictError, ServerError
from kaiten_sync.model.address import Address, ChildList
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.ports import Catalog, CatalogReader, Look
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, Fields


def send(catalog: Catalog, change: Change, expected: Expected) -> bool:
    """Carry out one change, unchecked. Says whether anything had to be written.

    Raises:
        ConflictError: the object changed after the plan was checked; it was not written.
    """
    look = _look(change, expected)
    match change.action:
        case Action.CREATE:
            return catalog.create(change.address, wanted_fields(change))
        case Action.UPDATE:
            return catalog.update(change.address, wanted_fields(change), look)
        case Action.DELETE:
            return catalog.delete(change.address, look)
        case _:
            return catalog.move(change.address, change.action, look)


def _look(change: Change, expected: Expected) -> Look:
    def look(live: LiveResource | None) -> bool:
        if matches(expected.after, live):
            return False
        if live is not None and matches(expected.before, live):
            return True
        diagnostics = tuple(contradictions(change.address, expected.before, live, change.source))
        found = "; ".join(each.sentence for each in diagnostics)
        raise ConflictError(
            f"it changed while the plan was applied, and was left alone: {found}",
            diagnostics,
            hint="make the plan again and review what is different",
        )

    return look


def verify(reader: CatalogReader, change: Change) -> None:
    """Read an object back.

    Raises:
        ServerError: it is not what the change asked for.
    """
    check(change, reader.get(change.address))


def verify_list(reader: CatalogReader, children: ChildList) -> dict[Address, LiveResource]:
    """All objects of a list, to check many changes with one reading."""
    return {each.address: each for each in reader.list_children(children) or ()}


def check(change: Change, live: LiveResource | None) -> None:
    """Compare what a change asked for with what the server has.

    Raises:
        ServerError: they differ; the message names the fields.
    """
    wanted = after(State(None, {}), change)
    if wanted is None or live is None:
        if (wanted is None) == (live is None):
            return
        state = "still there" if wanted is None else "not there"
        raise ServerError(f"the server accepted it, yet the object is {state}")
    wrong = [f"{name} is {found!r}" for name, _, found in mismatches(wanted, live)]
    if wrong:
        raise ServerError(f"the server accepted it, yet {', '.join(wrong)}")


def wanted_fields(change: Change) -> Fields:
    """The fields to send: values, and None for what is cleared."""
    return {f.name: None if f.after is ABSENT else f.after for f in change.fields}
