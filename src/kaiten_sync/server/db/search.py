"""Lists for people: pages of what contains a text, and fits the filters.

A text is looked for in slugs, names, domains and external ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Select,
    Table,
    and_,
    exists,
    func,
    select,
)

from kaiten_sync.server.db.collation import ordered
from kaiten_sync.server.db.customers import CustomerRow
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.instances import InstanceRow
from kaiten_sync.server.db.licenses import FamilyRow, LicenseRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, contains
from kaiten_sync.server.db.sorting import COUNTED_BY_CUSTOMER, SortedPage, Sorts
from kaiten_sync.server.db.tables import (
    customer,
    entitlement,
    entitlement_group,
    group_member,
    instance,
    license_family,
    license_version,
)

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for: a text, and exact values of columns by their name.

    `sort` is a name of the list's sorts, with a minus in front for the last first; empty for the
    newest first.
    """

    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""


class FoundInstance(InstanceRow, frozen=True):
    """An instance with its customer and its license."""

    customer_slug: str
    customer_name: str
    license_slug: str
    license_name: str


ENTITLEMENT_SORTS: Sorts = {
    "name": entitlement.c.folded,
    "slug": entitlement.c.slug,
    "type": entitlement.c.type,
    "changed": entitlement.c.updated_at,
}
FAMILY_SORTS: Sorts = {
    # Only versions have names, so families are sorted by the first of these in the alphabet.
    "name": select(func.min(ordered(license_version.c.folded)))
    .where(license_version.c.family_id == license_family.c.id)
    .scalar_subquery(),
    "family": license_family.c.slug,
}
CUSTOMER_SORTS: Sorts = {
    "name": customer.c.folded,
    "slug": customer.c.slug,
    # Null comes first in SQLite and last in PostgreSQL; an empty text comes first in both.
    "domain": func.coalesce(customer.c.domain, ""),
    "external": func.coalesce(customer.c.external_customer_id, ""),
    "instances": select(func.count())
    .where(instance.c.customer_id == customer.c.id)
    .scalar_subquery(),
}
INSTANCE_SORTS: Sorts = {
    "name": instance.c.folded,
    "slug": instance.c.slug,
    "customer": customer.c.folded,
    "license": license_version.c.slug,
    "status": instance.c.status,
    "ends": instance.c.end_license_date,
}
"""What lists can be sorted by, and the values that are compared."""


def search_entitlements(
    connection: Connection,
    organization_id: str,
    wanted: Wanted,
    position: Position | None,
    limit: int,
) -> RowPage[EntitlementRow]:
    """One page of entitlements, newest first; the value `group` is a slug, not a column."""
    columns = {name: value for name, value in wanted.values.items() if name != "group"}
    of_columns = replace(wanted, values=columns)
    statement = _matching(select(entitlement), entitlement, organization_id, of_columns)
    group_slug = wanted.values.get("group")
    if group_slug:
        statement = statement.where(
            exists()
            .where(group_member.c.entitlement_id == entitlement.c.id)
            .where(group_member.c.group_id == entitlement_group.c.id)
            .where(entitlement_group.c.slug == group_slug)
        )
    page = SortedPage(entitlement, ENTITLEMENT_SORTS, wanted.sort, position, limit)
    return page.read(connection, RowQuery(EntitlementRow, statement))


def search_families(
    connection: Connection,
    organization_id: str,
    wanted: Wanted,
    position: Position | None,
    limit: int,
) -> RowPage[FamilyRow]:
    """One page of license families that have a version that fits, newest first."""
    fits = _matching(select(license_version.c.family_id), license_version, organization_id, wanted)
    statement = select(license_family).where(license_family.c.organization_id == organization_id)
    if wanted.text or any(wanted.values.values()):
        statement = statement.where(license_family.c.id.in_(fits))
    page = SortedPage(license_family, FAMILY_SORTS, wanted.sort, position, limit)
    return page.read(connection, RowQuery(FamilyRow, statement))


def search_versions(
    connection: Connection, organization_id: str, wanted: Wanted, limit: int
) -> RowPage[LicenseRow]:
    """The newest versions of licenses that fit."""
    statement = _matching(select(license_version), license_version, organization_id, wanted)
    page = SortedPage(license_version, {}, "", None, limit)
    return page.read(connection, RowQuery(LicenseRow, statement))


def search_customers(
    connection: Connection,
    organization_id: str,
    wanted: Wanted,
    position: Position | None,
    limit: int,
) -> RowPage[CustomerRow]:
    """One page of customers, newest first."""
    statement = _matching(select(customer), customer, organization_id, wanted)
    sorts = CUSTOMER_SORTS
    if connection.dialect.name == "postgresql":
        # It counts all instances sooner than those of each customer, and SQLite does not.
        sorts = {**CUSTOMER_SORTS, "instances": COUNTED_BY_CUSTOMER.c.instances}
    page = SortedPage(customer, sorts, wanted.sort, position, limit)
    return page.read(connection, RowQuery(CustomerRow, statement))


def search_instances(
    connection: Connection,
    organization_id: str,
    wanted: Wanted,
    position: Position | None,
    limit: int,
    *,
    customer_id: str | None = None,
    license_id: str | None = None,
    ends_from: int | None = None,
    ends_before: int | None = None,
) -> RowPage[FoundInstance]:
    """One page of instances with their customers and licenses, newest first.

    `ends_from` and `ends_before` bound the end of the license, in milliseconds since 1970.
    """
    shown = (
        select(
            instance,
            customer.c.slug.label("customer_slug"),
            customer.c.name.label("customer_name"),
            license_version.c.slug.label("license_slug"),
            license_version.c.name.label("license_name"),
        )
        .join(customer, customer.c.id == instance.c.customer_id)
        .join(license_version, license_version.c.id == instance.c.license_id)
    )
    statement = _matching(shown, instance, organization_id, wanted)
    if customer_id is not None:
        statement = statement.where(instance.c.customer_id == customer_id)
    if license_id is not None:
        statement = statement.where(instance.c.license_id == license_id)
    if ends_from is not None:
        statement = statement.where(instance.c.end_license_date >= ends_from)
    if ends_before is not None:
        statement = statement.where(instance.c.end_license_date < ends_before)
    page = SortedPage(instance, INSTANCE_SORTS, wanted.sort, position, limit)
    return page.read(connection, RowQuery(FoundInstance, statement))


def count_ending(
    connection: Connection, organization_id: str, ends_from: int, ends_before: int
) -> int:
    """How many instances have a license that ends then, in milliseconds since 1970."""
    statement = select(func.count()).where(
        instance.c.organization_id == organization_id,
        instance.c.end_license_date >= ends_from,
        instance.c.end_license_date < ends_before,
    )
    return connection.execute(statement).scalar_one()


def _matching(
    statement: Select[Any], table: Table, organization_id: str, wanted: Wanted
) -> Select[Any]:
    filters = [table.c[name] == value for name, value in wanted.values.items() if value]
    if wanted.text:
        filters.append(contains(table, wanted.text))
    return statement.where(and_(table.c.organization_id == organization_id, *filters))
