"""Instances: what customers run, each on one version of a license."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import customer, instance, license_version, service_account

_creator = service_account.alias("creator")
_updater = service_account.alias("updater")
_MINE: Select[Any] = (
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
    .where(instance.c.organisation_id == bindparam("organisation"))
)
_LIST = newest_first(_MINE, instance)
_FIND = _MINE.where(instance.c.slug == bindparam("slug"))
_OF_CUSTOMER = _MINE.where(instance.c.customer_id == bindparam("customer")).order_by(
    instance.c.created_at, instance.c.id
)

# Locks are taken on one table: a row that changed while a join waited for it could fall out of
# the join, and look as if it were gone.
_ID = select(instance.c.id).where(instance.c.organisation_id == bindparam("organisation"))
_HOLD = _ID.where(instance.c.slug == bindparam("slug")).with_for_update()
_HOLD_OF_CUSTOMER = (
    _ID.where(instance.c.customer_id == bindparam("customer"))
    .order_by(instance.c.id)
    .with_for_update()
)
# Not only its key: nobody archives it until the transaction ends.
_KEEP_LICENSE: Select[Any] = (
    select(license_version.c.id, license_version.c.lifecycle_state)
    .where(license_version.c.organisation_id == bindparam("organisation"))
    .where(license_version.c.id == bindparam("id"))
    .with_for_update(read=True)
)
_OF_LICENSE = select(instance.c.id).where(instance.c.license_id == bindparam("license")).limit(1)


def list_instances(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of instances, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_instance(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """An instance by its slug."""
    return connection.execute(_FIND, {"organisation": organisation_id, "slug": slug}).first()


def hold_instance(connection: Connection, organisation_id: str, slug: str) -> None:
    """Until the transaction ends nobody changes this instance."""
    connection.execute(_HOLD, {"organisation": organisation_id, "slug": slug})


def hold_instances_of(
    connection: Connection, organisation_id: str, customer_id: str
) -> list[Row[Any]]:
    """All instances of a customer, oldest first; nobody changes them until the transaction ends."""
    parameters = {"organisation": organisation_id, "customer": customer_id}
    connection.execute(_HOLD_OF_CUSTOMER, parameters)
    return list(connection.execute(_OF_CUSTOMER, parameters))


def keep_license(connection: Connection, organisation_id: str, license_id: str) -> Row[Any] | None:
    """A license's id and state, which then stays as it is until the transaction ends."""
    parameters = {"organisation": organisation_id, "id": license_id}
    return connection.execute(_KEEP_LICENSE, parameters).first()


def has_license(connection: Connection, license_id: str) -> bool:
    """Whether any instance has this license."""
    return connection.execute(_OF_LICENSE, {"license": license_id}).first() is not None


def add_instance(connection: Connection, **values: object) -> None:
    """Store an instance."""
    connection.execute(insert(instance).values(**values))


def change_instance(connection: Connection, instance_id: str, **values: object) -> None:
    """Overwrite columns of an instance."""
    connection.execute(update(instance).where(instance.c.id == instance_id).values(**values))


def remove_instance(connection: Connection, instance_id: str) -> None:
    """Delete an instance and its usage; its events stay."""
    connection.execute(delete(instance).where(instance.c.id == instance_id))
