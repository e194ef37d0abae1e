"""Grants: what licenses hold, and how much of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import entitlement, grant, service_account

_creator = service_account.alias("creator")
_editor = service_account.alias("editor")

_SHOWN = (
    select(
        grant,
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
        _creator.c.name.label("created_by_name"),
        _editor.c.name.label("updated_by_name"),
    )
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .join(_creator, _creator.c.id == grant.c.created_by)
    .join(_editor, _editor.c.id == grant.c.updated_by)
    .where(grant.c.license_id == bindparam("license"))
)
_LIST = newest_first(_SHOWN, grant)
_FIND = _SHOWN.where(entitlement.c.slug == bindparam("slug"))


def list_grants(
    connection: Connection, license_id: str, position: Position | None, limit: int
) -> Page:
    """One page of a license's grants, newest first."""
    parameters = {"license": license_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_grant(connection: Connection, license_id: str, entitlement_slug: str) -> Row[Any] | None:
    """A license's grant of one entitlement."""
    parameters = {"license": license_id, "slug": entitlement_slug}
    return connection.execute(_FIND, parameters).first()


def add_grant(connection: Connection, **values: object) -> None:
    """Store a grant."""
    connection.execute(insert(grant).values(**values))


def change_grant(connection: Connection, grant_id: str, **values: object) -> None:
    """Overwrite columns of a grant."""
    connection.execute(update(grant).where(grant.c.id == grant_id).values(**values))


def remove_grant(connection: Connection, grant_id: str) -> None:
    """Delete a grant."""
    connection.execute(delete(grant).where(grant.c.id == grant_id))
