"""One change: send it, and check that the server now has what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from kaiten_sync.apply.freshness import State, after, mismatches
from kaiten_sync.errors import ServerError
from kaiten_sync.model.address import Kind
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.ports import Catalog, CatalogReader
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.value import ABSENT, Fields


def send(catalog: Catalog, change: Change) -> None:
    """Carry out one change, unchecked."""
    match change.action:
        case Action.CREATE:
            catalog.create(change.address, wanted_fields(change))
        case Action.UPDATE:
            catalog.update(change.address, wanted_fields(change))
        case Action.DELETE:
            catalog.delete(change.address)
        case (
            Action.PUBLISH
            | Action.ARCHIVE
            | Action.UNARCHIVE
            | Action.MAKE_DEFAULT
            | Action.CLEAR_DEFAULT
        ):
            catalog.move(change.address, change.action)
        case _:
            assert_never(change.action)


def verify(reader: CatalogReader, change: Change) -> None:
    """Read an object back.

    Raises:
        ServerError: it is not what the change asked for.
    """
    check(change, reader.get(change.address))


def verify_grants(reader: CatalogReader, license_slug: str) -> dict[str, LiveResource]:
    """All grants of a license by entitlement slug, to check many changes with one list."""
    grants: Iterable[LiveResource] = reader.list_grants(license_slug) or ()
    return {grant.address.slug: grant for grant in grants}


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


def is_grant(change: Change) -> bool:
    """Whether the change is verified together with its license's other grants."""
    return change.address.kind is Kind.GRANT
