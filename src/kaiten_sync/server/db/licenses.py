"""Licenses and their families."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypedDict, Unpack

from sqlalchemy import Connection, bindparam, select

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, TableRow, delete_row, insert_row, update_row
from kaiten_sync.server.db.tables import grant, license_family, license_version


class LicenseRow(TableRow, frozen=True):
    """A license, which is one version of a family."""

    id: str
    organization_id: str
    family_id: str
    slug: str
    name: str
    description: str
    type: str
    version: int
    version_name: str | None
    lifecycle_state: str
    is_default: bool
    is_active: bool | None
    created_at: int
    updated_at: int


class FamilyRow(TableRow, frozen=True):
    """A family. `last_version` counts up only, so that no number is used twice."""

    id: str
    organization_id: str
    slug: str
    last_version: int
    created_at: int
    updated_at: int


class LicenseChange(TypedDict, total=False):
    """What an update can overwrite."""

    name: str
    description: str
    type: str
    version_name: str | None
    lifecycle_state: str
    is_default: bool
    is_active: bool | None
    updated_at: int


class FamilyChange(TypedDict):
    """What an update overwrites."""

    last_version: int
    updated_at: int


_MINE = RowQuery(
    LicenseRow,
    select(license_version).where(license_version.c.organization_id == bindparam("organization")),
)
_LIST = _MINE.newest_first(license_version)
_FIND = _MINE.where(license_version.c.slug == bindparam("slug"))
_FAMILIES = RowQuery(
    FamilyRow,
    select(license_family).where(license_family.c.organization_id == bindparam("organization")),
)
_LIST_FAMILIES = _FAMILIES.newest_first(license_family)
_FIND_FAMILY = _FAMILIES.where(license_family.c.slug == bindparam("slug"))
_FAMILY_OF_ID = _FAMILIES.where(license_family.c.id == bindparam("id"))
_VERSIONS = RowQuery(
    LicenseRow,
    select(license_version)
    .where(license_version.c.family_id.in_(bindparam("families", expanding=True)))
    .order_by(license_version.c.version),
)


def list_licenses(
    connection: Connection, organization_id: str, position: Position | None, limit: int
) -> RowPage[LicenseRow]:
    """One page of licenses, newest first."""
    return _LIST.page(connection, position, limit, organization=organization_id)


def find_license(connection: Connection, organization_id: str, slug: str) -> LicenseRow | None:
    """A license by its slug."""
    return _FIND.first(connection, organization=organization_id, slug=slug)


def add_license(connection: Connection, row: LicenseRow) -> None:
    """Store a license."""
    insert_row(connection, license_version, row)


def change_license(
    connection: Connection, license_id: str, **values: Unpack[LicenseChange]
) -> None:
    """Overwrite columns of a license."""
    update_row(connection, license_version, license_id, values)


def remove_license(connection: Connection, license_id: str) -> None:
    """Delete a license that grants nothing."""
    delete_row(connection, license_version, license_id)


def has_grants(connection: Connection, license_id: str) -> bool:
    """Whether a license grants anything."""
    statement = select(grant.c.id).where(grant.c.license_id == license_id).limit(1)
    return connection.execute(statement).first() is not None


def list_families(
    connection: Connection, organization_id: str, position: Position | None, limit: int
) -> RowPage[FamilyRow]:
    """One page of families, newest first."""
    return _LIST_FAMILIES.page(connection, position, limit, organization=organization_id)


def find_family(connection: Connection, organization_id: str, slug: str) -> FamilyRow | None:
    """A family by its slug."""
    return _FIND_FAMILY.first(connection, organization=organization_id, slug=slug)


def read_family(connection: Connection, organization_id: str, family_id: str) -> FamilyRow | None:
    """A family by its id."""
    return _FAMILY_OF_ID.first(connection, organization=organization_id, id=family_id)


def lock_family(
    connection: Connection,
    organization_id: str,
    *,
    family_id: str | None = None,
    slug: str | None = None,
) -> FamilyRow | None:
    """A family by its id or else its slug, locked until the transaction ends.

    Every write to the versions of a family locks it first, so that two of them cannot take the
    same number or leave two defaults. SQLite has one writer at a time and needs no lock.
    """
    query = _FIND_FAMILY if family_id is None else _FAMILY_OF_ID
    key = {"slug": slug} if family_id is None else {"id": family_id}
    locking = RowQuery(FamilyRow, query.statement.with_for_update())
    return locking.first(connection, organization=organization_id, **key)


def versions_of(
    connection: Connection, family_ids: Collection[str]
) -> dict[str, Sequence[LicenseRow]]:
    """All versions of each family, oldest first."""
    found: dict[str, list[LicenseRow]] = {family_id: [] for family_id in family_ids}
    if found:
        for row in _VERSIONS.all(connection, families=list(found)):
            found[row.family_id].append(row)
    return dict(found)


def add_family(connection: Connection, row: FamilyRow) -> None:
    """Store a family."""
    insert_row(connection, license_family, row)


def change_family(connection: Connection, family_id: str, **values: Unpack[FamilyChange]) -> None:
    """Overwrite columns of a family."""
    update_row(connection, license_family, family_id, values)


def remove_family(connection: Connection, family_id: str) -> None:
    """Delete a family."""
    delete_row(connection, license_family, family_id)
