"""Entitlements."""

from __future__ import annotations

from collections.abc import Collection
from typing import Unpack

from sqlalchemy import Connection, bindparam, func, select

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, TableRow, delete_row, insert_row, update_row
from kaiten_sync.server.db.tables import entitlement, grant, usage
from kaiten_sync.server.domain.entitlements import EntitlementColumns


class EntitlementRow(TableRow, frozen=True):
    """An entitlement."""

    id: str
    organization_id: str
    slug: str
    name: str
    description: str | None
    type: str
    meter_type: str | None
    aggregation_method: str | None
    reset_period: str | None
    reset_anchor: str | None
    warning_threshold_percent: int
    user_facing: bool
    display_order: int
    icon: str | None
    unit_singular: str | None
    unit_plural: str | None
    sale_unit_singular: str | None
    sale_unit_plural: str | None
    sale_unit_factor: float | None
    created_at: int
    updated_at: int


class EntitlementChange(EntitlementColumns):
    """What an update overwrites."""

    updated_at: int


_MINE = RowQuery(
    EntitlementRow,
    select(entitlement).where(entitlement.c.organization_id == bindparam("organization")),
)
_LIST = _MINE.newest_first(entitlement)
_BY_ID = RowQuery(
    EntitlementRow,
    select(entitlement).where(entitlement.c.id.in_(bindparam("ids", expanding=True))),
)
_FIND = _MINE.where(entitlement.c.slug == bindparam("slug"))
_HOLD = RowQuery(EntitlementRow, _FIND.statement.with_for_update(key_share=True))


def list_entitlements(
    connection: Connection, organization_id: str, position: Position | None, limit: int
) -> RowPage[EntitlementRow]:
    """One page of entitlements, newest first."""
    return _LIST.page(connection, position, limit, organization=organization_id)


def find_entitlement(
    connection: Connection, organization_id: str, slug: str
) -> EntitlementRow | None:
    """An entitlement by its slug."""
    return _FIND.first(connection, organization=organization_id, slug=slug)


def hold_entitlement(
    connection: Connection, organization_id: str, slug: str
) -> EntitlementRow | None:
    """The same, and nobody else changes it until the transaction ends."""
    return _HOLD.first(connection, organization=organization_id, slug=slug)


def entitlements_by_id(
    connection: Connection, entitlement_ids: Collection[str]
) -> list[EntitlementRow]:
    """The entitlements with these ids, in no order."""
    ids = list(entitlement_ids)
    return _BY_ID.all(connection, ids=ids) if ids else []


def add_entitlement(connection: Connection, row: EntitlementRow) -> None:
    """Store an entitlement."""
    insert_row(connection, entitlement, row)


def change_entitlement(
    connection: Connection, entitlement_id: str, **values: Unpack[EntitlementChange]
) -> None:
    """Overwrite columns of an entitlement."""
    update_row(connection, entitlement, entitlement_id, values)


def remove_entitlement(connection: Connection, entitlement_id: str) -> None:
    """Delete an entitlement and its memberships."""
    delete_row(connection, entitlement, entitlement_id)


def count_grants(connection: Connection, entitlement_id: str) -> int:
    """How many licenses grant this entitlement."""
    statement = select(func.count()).where(grant.c.entitlement_id == entitlement_id)
    return connection.execute(statement).scalar_one()


def count_counters(connection: Connection, entitlement_id: str) -> int:
    """How many instances have used this entitlement, granted to them now or not."""
    statement = select(func.count()).where(usage.c.entitlement_id == entitlement_id)
    return connection.execute(statement).scalar_one()
