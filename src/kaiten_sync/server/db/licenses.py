"""Licenses and their families."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import grant, license_family, license_version

_LIST = newest_first(
    select(license_version).where(license_version.c.organisation_id == bindparam("organisation")),
    license_version,
)
_FIND = select(license_version).where(
    license_version.c.organisation_id == bindparam("organisation"),
    license_version.c.slug == bindparam("slug"),
)
_LIST_FAMILIES = newest_first(
    select(license_family).where(license_family.c.organisation_id == bindparam("organisation")),
    license_family,
)
_VERSIONS = (
    select(license_version)
    .where(license_version.c.family_id.in_(bindparam("families", expanding=True)))
    .order_by(license_version.c.version)
)


def list_licenses(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of licenses, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_license(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """A license by its slug."""
    return connection.execute(_FIND, {"organisation": organisation_id, "slug": slug}).first()


def add_license(connection: Connection, **values: object) -> None:
    """Store a license."""
    connection.execute(insert(license_version).values(**values))


def change_license(connection: Connection, license_id: str, **values: object) -> None:
    """Overwrite columns of a license."""
    connection.execute(
        update(license_version).where(license_version.c.id == license_id).values(**values)
    )


def remove_license(connection: Connection, license_id: str) -> None:
    """Delete a license that grants nothing."""
    connection.execute(delete(license_version).where(license_version.c.id == license_id))


def has_grants(connection: Connection, license_id: str) -> bool:
    """Whether a license grants anything."""
    statement = select(grant.c.id).where(grant.c.license_id == license_id).limit(1)
    return connection.execute(statement).first() is not None


def list_families(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of families, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST_FAMILIES, parameters).all(), limit)


def find_family(
    connection: Connection,
    organisation_id: str,
    *,
    family_id: str | None = None,
    slug: str | None = None,
    lock: bool = False,
) -> Row[Any] | None:
    """A family by its id or else its slug; locked until the transaction ends where asked.

    Every write to the versions of a family locks it first, so that two of them cannot take the
    same number or leave two defaults. SQLite has one writer at a time and needs no lock.
    """
    column = license_family.c.id if family_id is not None else license_family.c.slug
    statement = select(license_family).where(
        license_family.c.organisation_id == organisation_id,
        column == (family_id if family_id is not None else slug),
    )
    return connection.execute(statement.with_for_update() if lock else statement).first()


def versions_of(
    connection: Connection, family_ids: Collection[str]
) -> dict[str, Sequence[Row[Any]]]:
    """All versions of each family, oldest first."""
    found: dict[str, list[Row[Any]]] = {family_id: [] for family_id in family_ids}
    if found:
        for row in connection.execute(_VERSIONS, {"families": list(found)}):
            found[row.family_id].append(row)
    return dict(found)


def add_family(connection: Connection, **values: object) -> None:
    """Store a family."""
    connection.execute(insert(license_family).values(**values))


def change_family(connection: Connection, family_id: str, **values: object) -> None:
    """Overwrite columns of a family."""
    connection.execute(
        update(license_family).where(license_family.c.id == family_id).values(**values)
    )


def remove_family(connection: Connection, family_id: str) -> None:
    """Delete a family."""
    connection.execute(delete(license_family).where(license_family.c.id == family_id))
