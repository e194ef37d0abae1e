"""Entitlements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import entitlement, grant, usage

_LIST = newest_first(
    select(entitlement).where(entitlement.c.organisation_id == bindparam("organisation")),
    entitlement,
)
_FIND = select(entitlement).where(
    entitlement.c.organisation_id == bindparam("organisation"),
    entitlement.c.slug == bindparam("slug"),
)


def list_entitlements(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of entitlements, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_entitlement(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """An entitlement by its slug."""
    return connection.execute(_FIND, {"organisation": organisation_id, "slug": slug}).first()


def add_entitlement(connection: Connection, **values: object) -> None:
    """Store an entitlement."""
    connection.execute(insert(entitlement).values(**values))


def change_entitlement(connection: Connection, entitlement_id: str, **values: object) -> None:
    """Overwrite columns of an entitlement."""
    connection.execute(
        update(entitlement).where(entitlement.c.id == entitlement_id).values(**values)
    )


def remove_entitlement(connection: Connection, entitlement_id: str) -> None:
    """Delete an entitlement and its memberships."""
    connection.execute(delete(entitlement).where(entitlement.c.id == entitlement_id))


def count_grants(connection: Connection, entitlement_id: str) -> int:
    """How many licenses grant this entitlement."""
    statement = select(func.count()).where(grant.c.entitlement_id == entitlement_id)
    return connection.execute(statement).scalar_one()


def count_counters(connection: Connection, entitlement_id: str) -> int:
    """How many instances have used this entitlement, granted to them now or not."""
    statement = select(func.count()).where(usage.c.entitlement_id == entitlement_id)
    return connection.execute(statement).scalar_one()
