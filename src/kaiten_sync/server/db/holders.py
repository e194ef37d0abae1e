"""Who has what: which licenses grant an entitlement, and which customers get it by them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from kaiten_sync.server.db.tables import (
    customer,
    entitlement,
    grant,
    instance,
    license_version,
)

_held = (
    select(func.count())
    .where(instance.c.license_id == license_version.c.id)
    .scalar_subquery()
    .label("instance_count")
)
_GRANTING: Select[Any] = (
    select(grant, license_version.c.slug, license_version.c.name, license_version.c.version)
    .add_columns(license_version.c.lifecycle_state, license_version.c.type, _held)
    .join(license_version, license_version.c.id == grant.c.license_id)
    .where(grant.c.entitlement_id == bindparam("entitlement"))
    .order_by(license_version.c.created_at.desc(), license_version.c.id.desc())
    .limit(bindparam("top"))
    .offset(bindparam("skipped"))
)
_ENTITLED: Select[Any] = (
    select(
        customer.c.slug,
        customer.c.name,
        func.count(instance.c.id).label("instance_count"),
    )
    .select_from(grant)
    .join(instance, instance.c.license_id == grant.c.license_id)
    .join(customer, customer.c.id == instance.c.customer_id)
    .where(grant.c.entitlement_id == bindparam("entitlement"))
    .group_by(customer.c.id, customer.c.slug, customer.c.name, customer.c.created_at)
    .order_by(customer.c.created_at.desc(), customer.c.id.desc())
    .limit(bindparam("top"))
    .offset(bindparam("skipped"))
)
_ALL_GRANTS: Select[Any] = (
    select(
        grant,
        entitlement.c.slug.label("entitlement_slug"),
        entitlement.c.name.label("entitlement_name"),
        entitlement.c.type.label("entitlement_type"),
    )
    .join(entitlement, entitlement.c.id == grant.c.entitlement_id)
    .where(grant.c.license_id == bindparam("license"))
)
_COUNTED = {
    "entitlements": entitlement,
    "licenses": license_version,
    "customers": customer,
    "instances": instance,
}


def licenses_granting(
    connection: Connection, entitlement_id: str, *, skipped: int, limit: int
) -> list[Row[Any]]:
    """Licenses that grant an entitlement with how much and to how many instances, newest first."""
    parameters = {"entitlement": entitlement_id, "skipped": skipped, "top": limit}
    return list(connection.execute(_GRANTING, parameters))


def customers_entitled(
    connection: Connection, entitlement_id: str, *, skipped: int, limit: int
) -> list[Row[Any]]:
    """Customers with instances that may use an entitlement, and how many, newest first."""
    parameters = {"entitlement": entitlement_id, "skipped": skipped, "top": limit}
    return list(connection.execute(_ENTITLED, parameters))


def grants_of(connection: Connection, license_id: str) -> list[Row[Any]]:
    """All that a license grants, by entitlement slug."""
    rows = connection.execute(_ALL_GRANTS, {"license": license_id}).all()
    # Not by the database: each sorts text in its own way.
    return sorted(rows, key=lambda row: row.entitlement_slug)


def count_instances(connection: Connection, license_ids: list[str]) -> dict[str, int]:
    """How many instances have each of these licenses, by license id."""
    statement = (
        select(instance.c.license_id, func.count())
        .where(instance.c.license_id.in_(license_ids))
        .group_by(instance.c.license_id)
    )
    found = {license_id: int(count) for license_id, count in connection.execute(statement)}
    return {license_id: found.get(license_id, 0) for license_id in license_ids}


def count_all(connection: Connection, organisation_id: str) -> dict[str, int]:
    """How many entitlements, licenses, customers and instances an organisation has."""
    return {
        name: connection.execute(
            select(func.count()).where(table.c.organisation_id == organisation_id)
        ).scalar_one()
        for name, table in _COUNTED.items()
    }
