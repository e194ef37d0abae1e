"""Who has what: which licenses grant an entitlement, and which customers get it by them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    func,
    select,
)

from kaiten_sync.server.db.collation import ordered, read_first
from kaiten_sync.server.db.grants import GrantRow, NamedGrant
from kaiten_sync.server.db.rows import RowQuery
from kaiten_sync.server.db.sorting import Sorts
from kaiten_sync.server.db.tables import (
    START_OF_CUSTOMER,
    customer,
    entitlement,
    grant,
    instance,
    license_family,
    license_version,
    report_day,
)

R = TypeVar("R")


class GrantingLicense(GrantRow, frozen=True):
    """A license that grants an entitlement, with the grant."""

    slug: str
    name: str
    version: int
    lifecycle_state: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitledCustomer:
    """A customer, and how many of its instances may use an entitlement."""

    slug: str
    name: str
    instance_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An instance that has a license, and its customer."""

    slug: str
    name: str
    customer_slug: str


_GRANTING: RowQuery[GrantingLicense] = RowQuery(
    GrantingLicense,
    select(grant, license_version.c.slug, license_version.c.name, license_version.c.version)
    .add_columns(license_version.c.lifecycle_state, license_version.c.type)
    .join(license_version, license_version.c.id == grant.c.license_id)
    .where(grant.c.entitlement_id == bindparam("entitlement")),
)
# From the instances to their grants, or SQLite would begin with the grants, and sort all instances.
_IS_GRANTED = and_(
    grant.c.license_id == read_first(instance.c.license_id),
    grant.c.entitlement_id == bindparam("entitlement"),
)
"""How an instance that may use an entitlement is joined to its grant."""
GRANTING_SORTS: Sorts = {
    "name": license_version.c.folded,
    "state": license_version.c.lifecycle_state,
    "overage": func.coalesce(grant.c.overage_percent, 0),
    "instances": select(func.count())
    .where(instance.c.license_id == grant.c.license_id)
    .scalar_subquery(),
}
ENTITLED_SORTS: Sorts = {
    "name": START_OF_CUSTOMER,
    "slug": customer.c.slug,
    "instances": func.count(),
}
"""What lists of who has an entitlement can be sorted by, and the values that are compared."""

_ALL_GRANTS: RowQuery[NamedGrant] = RowQuery(
    NamedGrant,
    select(
        grant,
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
        entitlement.c.unit_singular,
        entitlement.c.unit_plural,
    )
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .where(grant.c.license_id.in_(bindparam("licenses", expanding=True))),
)
_HOLDERS: RowQuery[Holder] = RowQuery(
    Holder,
    select(instance.c.slug, instance.c.name, customer.c.slug.label("customer_slug"))
    .join(customer, customer.c.id == instance.c.customer_id)
    .where(instance.c.license_id == bindparam("license")),
)
_COUNTED = {
    "entitlements": entitlement,
    "licenses": license_version,
    "customers": customer,
    "instances": instance,
}


def licenses_granting(
    connection: Connection, entitlement_id: str, *, skipped: int, limit: int, sort: str = ""
) -> list[GrantingLicense]:
    """Licenses that grant an entitlement with how much, newest first or sorted."""
    page = _page(_GRANTING, license_version, GRANTING_SORTS, sort, skipped, limit)
    return page.all(connection, entitlement=entitlement_id)


def customers_entitled(
    connection: Connection,
    organization_id: str,
    entitlement_id: str,
    *,
    skipped: int,
    limit: int,
    sort: str = "",
) -> list[EntitledCustomer]:
    """Customers with instances that may use an entitlement, newest first or sorted."""
    key = ENTITLED_SORTS.get(sort.removeprefix("-"), customer.c.created_at)
    theirs = select(instance.c.id).join(grant, _IS_GRANTED)
    theirs = theirs.where(instance.c.customer_id == customer.c.id)
    number = theirs.with_only_columns(func.count()).scalar_subquery()
    if key is ENTITLED_SORTS["instances"]:
        row_id = instance.c.customer_id
        found = select(row_id.label("id")).join(grant, _IS_GRANTED).group_by(row_id)
    else:
        # Customer by customer, in the order of an index, until a page is full.
        row_id = customer.c.id
        found = select(row_id.label("id")).where(
            customer.c.organization_id == organization_id, theirs.exists()
        )
    found = found.add_columns(ordered(key).label("sorted_by"))
    page = _ordered(found, ordered(key), row_id, sort).limit(limit).offset(skipped).subquery()
    rows = (
        select(customer.c.slug, customer.c.name)
        .add_columns(number.label("instance_count"))
        .join(page, page.c.id == customer.c.id)
    )
    shown = RowQuery(EntitledCustomer, _ordered(rows, page.c.sorted_by, page.c.id, sort))
    return shown.all(connection, entitlement=entitlement_id)


def holders_of(connection: Connection, license_id: str) -> list[Holder]:
    """All instances that have a license, by slug."""
    # Not by the database: each sorts text in its own way.
    return sorted(_HOLDERS.all(connection, license=license_id), key=lambda row: row.slug)


def grants_of(connection: Connection, license_ids: Collection[str]) -> dict[str, list[NamedGrant]]:
    """All that each of these licenses grants, by license id, sorted by entitlement slug."""
    found: dict[str, list[NamedGrant]] = {license_id: [] for license_id in license_ids}
    if found:
        for row in _ALL_GRANTS.all(connection, licenses=list(found)):
            found[row.license_id].append(row)
    for rows in found.values():
        # Not by the database: each sorts text in its own way.
        rows.sort(key=lambda row: row.entitlement_slug)
    return found


def family_slugs(connection: Connection, family_ids: Collection[str]) -> dict[str, str]:
    """The slugs of license families by their ids."""
    columns = select(license_family.c.id, license_family.c.slug)
    rows = connection.execute(columns.where(license_family.c.id.in_(list(family_ids))))
    return {row.id: row.slug for row in rows}


def count_by_license(connection: Connection, license_ids: Collection[str]) -> dict[str, int]:
    """How many instances have each of these licenses, by license id."""
    return _count_by(connection, instance.c.license_id, license_ids)


def count_by_customer(connection: Connection, customer_ids: Collection[str]) -> dict[str, int]:
    """How many instances each of these customers has, by customer id."""
    return _count_by(connection, instance.c.customer_id, customer_ids)


def count_all(connection: Connection, organization_id: str) -> dict[str, int]:
    """How many entitlements, licenses, customers and instances an organization has."""
    return {
        name: connection.execute(
            select(func.count()).where(table.c.organization_id == organization_id)
        ).scalar_one()
        for name, table in _COUNTED.items()
    }


def has_grants(connection: Connection, organization_id: str) -> bool:
    """Whether any license of an organization grants anything."""
    granting = select(grant.c.license_id).join(
        license_version, license_version.c.id == grant.c.license_id
    )
    found = granting.where(license_version.c.organization_id == organization_id).limit(1)
    return connection.execute(found).first() is not None


def has_reports(connection: Connection, organization_id: str) -> bool:
    """Whether usage was ever reported to an organization, accepted or not."""
    found = select(report_day.c.day).where(report_day.c.organization_id == organization_id).limit(1)
    return connection.execute(found).first() is not None


def _page(
    rows: RowQuery[R], table: Table, sorts: Sorts, sort: str, skipped: int, limit: int
) -> RowQuery[R]:
    """A page of these rows: by one of `sorts`, with a minus the last first, or newest first."""
    key = sorts.get(sort.removeprefix("-"), table.c.created_at)
    found = _ordered(rows.statement, ordered(key), table.c.id, sort)
    return RowQuery(rows.row_type, found.limit(limit).offset(skipped))


def _ordered(
    rows: Select[Any], key: ColumnElement[Any], row_id: ColumnElement[str], sort: str
) -> Select[Any]:
    is_falling = sort.startswith("-") or not sort
    return rows.order_by(*(each.desc() if is_falling else each for each in (key, row_id)))


def _count_by(
    connection: Connection, owner: Column[str], owner_ids: Collection[str]
) -> dict[str, int]:
    # Not within the query of the owners: where one has most instances, some databases would read
    # them all for each owner.
    statement = select(owner, func.count()).where(owner.in_(list(owner_ids))).group_by(owner)
    found = {owner_id: int(count) for owner_id, count in connection.execute(statement)}
    return {owner_id: found.get(owner_id, 0) for owner_id in owner_ids}
