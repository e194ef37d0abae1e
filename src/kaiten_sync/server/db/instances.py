"""Instances: what customers run, each on one version of a license."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, bindparam, select

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, TableRow, delete_row, insert_row, update_row
from kaiten_sync.server.db.tables import customer, instance, license_version, service_account


class InstanceRow(TableRow, frozen=True):
    """An instance. The dates are milliseconds since 1970."""

    id: str
    organization_id: str
    customer_id: str
    license_id: str
    slug: str
    name: str
    description: str
    start_license_date: int
    end_license_date: int
    metadata: dict[str, Any]
    status: str
    lifecycle_stage: str | None
    created_by: str
    created_at: int
    updated_by: str
    updated_at: int


class ShownInstance(InstanceRow, frozen=True):
    """An instance with the slugs of what it belongs to, and who created and updated it."""

    customer_slug: str
    license_slug: str
    created_by_name: str
    updated_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseState:
    """A license's id and state."""

    id: str
    lifecycle_state: str


class InstanceColumns(TypedDict):
    """What a request writes as a whole."""

    name: str
    description: str
    customer_id: str
    license_id: str
    start_license_date: int
    end_license_date: int
    metadata: dict[str, Any]
    updated_by: str


class InstanceChange(TypedDict, total=False):
    """What an update can overwrite."""

    slug: str
    name: str
    description: str
    customer_id: str
    license_id: str
    start_license_date: int
    end_license_date: int
    metadata: dict[str, Any]
    status: str
    lifecycle_stage: str
    updated_by: str
    updated_at: int


_creator = service_account.alias("creator")
_updater = service_account.alias("updater")
_MINE: RowQuery[ShownInstance] = RowQuery(
    ShownInstance,
    select(
        instance,
        customer.c.slug.label("customer_slug"),
        license_version.c.slug.label("license_slug"),
        _creator.c.name.label("created_by_name"),
        _updater.c.name.label("updated_by_name"),
    )
    .join(customer, customer.c.id == instance.c.customer_id)
    .join(license_version, license_version.c.id == instance.c.license_id)
    .join(_creator, _creator.c.id == instance.c.created_by)
    .join(_updater, _updater.c.id == instance.c.updated_by)
    .where(instance.c.organization_id == bindparam("organization")),
)
_LIST = _MINE.newest_first(instance)
_FIND = _MINE.where(instance.c.slug == bindparam("slug"))
_OF_CUSTOMER = RowQuery(
    ShownInstance,
    _MINE.statement.where(instance.c.customer_id == bindparam("customer")).order_by(
        instance.c.created_at, instance.c.id
    ),
)

# Locks are taken on one table: a row that changed while a join waited for it could fall out of
# the join, and look as if it were gone.
_ID = select(instance.c.id).where(instance.c.organization_id == bindparam("organization"))
_HOLD = _ID.where(instance.c.slug == bindparam("slug")).with_for_update()
_HOLD_OF_CUSTOMER = (
    _ID.where(instance.c.customer_id == bindparam("customer"))
    # Always in one order: two transactions that lock several would wait for each other otherwise.
    .order_by(instance.c.id)
    .with_for_update()
)
# Not only its key: nobody archives it until the transaction ends.
_KEEP_LICENSE: RowQuery[LicenseState] = RowQuery(
    LicenseState,
    select(license_version.c.id, license_version.c.lifecycle_state)
    .where(license_version.c.organization_id == bindparam("organization"))
    .where(license_version.c.id == bindparam("id"))
    .with_for_update(read=True),
)
_OF_LICENSE = select(instance.c.id).where(instance.c.license_id == bindparam("license")).limit(1)


def list_instances(
    connection: Connection, organization_id: str, position: Position | None, limit: int
) -> RowPage[ShownInstance]:
    """One page of instances, newest first."""
    return _LIST.page(connection, position, limit, organization=organization_id)


def find_instance(connection: Connection, organization_id: str, slug: str) -> ShownInstance | None:
    """An instance by its slug."""
    return _FIND.first(connection, organization=organization_id, slug=slug)


def hold_instance(connection: Connection, organization_id: str, slug: str) -> None:
    """Until the transaction ends nobody changes this instance."""
    connection.execute(_HOLD, {"organization": organization_id, "slug": slug})


def hold_instances_of(
    connection: Connection, organization_id: str, customer_id: str
) -> list[ShownInstance]:
    """All instances of a customer, oldest first; nobody changes them until the transaction ends."""
    parameters = {"organization": organization_id, "customer": customer_id}
    connection.execute(_HOLD_OF_CUSTOMER, parameters)
    return _OF_CUSTOMER.all(connection, **parameters)


def keep_license(
    connection: Connection, organization_id: str, license_id: str
) -> LicenseState | None:
    """A license's id and state, which then stays as it is until the transaction ends."""
    return _KEEP_LICENSE.first(connection, organization=organization_id, id=license_id)


def has_license(connection: Connection, license_id: str) -> bool:
    """Whether any instance has this license."""
    return connection.execute(_OF_LICENSE, {"license": license_id}).first() is not None


def add_instance(connection: Connection, row: InstanceRow) -> None:
    """Store an instance."""
    insert_row(connection, instance, row)


def change_instance(
    connection: Connection, instance_id: str, **values: Unpack[InstanceChange]
) -> None:
    """Overwrite columns of an instance."""
    update_row(connection, instance, instance_id, values)


def remove_instance(connection: Connection, instance_id: str) -> None:
    """Delete an instance and its usage; its events stay."""
    delete_row(connection, instance, instance_id)
