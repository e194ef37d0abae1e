"""Grants: what licenses hold, and how much of it."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, bindparam, select

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, TableRow, delete_row, insert_row, update_row
from kaiten_sync.server.db.tables import entitlement, grant, service_account


class GrantRow(TableRow, frozen=True):
    """A grant. `value` is tagged: `{"type": "number", "value": 1000}`."""

    id: str
    license_id: str
    entitlement_id: str
    value: dict[str, Any]
    overage_percent: int | None
    created_by: str
    created_at: int
    updated_by: str
    updated_at: int


class NamedGrant(GrantRow, frozen=True):
    """A grant, with what it grants."""

    entitlement_slug: str
    entitlement_name: str
    entitlement_type: str
    unit_singular: str | None
    unit_plural: str | None


class ShownGrant(NamedGrant, frozen=True):
    """A grant, with what it grants and the names of the accounts that created and updated it."""

    created_by_name: str
    updated_by_name: str


class GrantChange(TypedDict):
    """What an update overwrites."""

    value: dict[str, Any]
    overage_percent: int | None
    updated_by: str
    updated_at: int


_creator = service_account.alias("creator")
_updater = service_account.alias("updater")

_SHOWN: RowQuery[ShownGrant] = RowQuery(
    ShownGrant,
    select(
        grant,
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
        entitlement.c.unit_singular,
        entitlement.c.unit_plural,
        _creator.c.name.label("created_by_name"),
        _updater.c.name.label("updated_by_name"),
    )
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .join(_creator, _creator.c.id == grant.c.created_by)
    .join(_updater, _updater.c.id == grant.c.updated_by)
    .where(grant.c.license_id == bindparam("license")),
)
_LIST = _SHOWN.newest_first(grant)
_FIND = _SHOWN.where(entitlement.c.slug == bindparam("slug"))
_HOLD: RowQuery[ShownGrant] = RowQuery(
    ShownGrant, _FIND.statement.with_for_update(key_share=True, of=grant)
)


def list_grants(
    connection: Connection, license_id: str, position: Position | None, limit: int
) -> RowPage[ShownGrant]:
    """One page of a license's grants, newest first."""
    return _LIST.page(connection, position, limit, license=license_id)


def find_grant(connection: Connection, license_id: str, entitlement_slug: str) -> ShownGrant | None:
    """A license's grant of one entitlement."""
    return _FIND.first(connection, license=license_id, slug=entitlement_slug)


def hold_grant(connection: Connection, license_id: str, entitlement_slug: str) -> ShownGrant | None:
    """The same, and nobody else changes it until the transaction ends."""
    return _HOLD.first(connection, license=license_id, slug=entitlement_slug)


def add_grant(connection: Connection, row: GrantRow) -> None:
    """Store a grant."""
    insert_row(connection, grant, row)


def change_grant(connection: Connection, grant_id: str, **values: Unpack[GrantChange]) -> None:
    """Overwrite columns of a grant."""
    update_row(connection, grant, grant_id, values)


def remove_grant(connection: Connection, grant_id: str) -> None:
    """Delete a grant."""
    delete_row(connection, grant, grant_id)
