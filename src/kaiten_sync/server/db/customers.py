"""Customers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import customer, service_account

_creator = service_account.alias("creator")
_updater = service_account.alias("updater")
_MINE: Select[Any] = (
    select(
        customer,
        _creator.c.name.label("created_by_name"),
        _updater.c.name.label("updated_by_name"),
    )
    .join(_creator, _creator.c.id == customer.c.created_by)
    .join(_updater, _updater.c.id == customer.c.updated_by)
    .where(customer.c.organisation_id == bindparam("organisation"))
)
_LIST = newest_first(_MINE, customer)
_FIND = _MINE.where(customer.c.slug == bindparam("slug"))

# Locks are taken on one table: a row that changed while a join waited for it could fall out of
# the join, and look as if it were gone.
_ID = select(customer.c.id).where(customer.c.organisation_id == bindparam("organisation"))
_HOLD = _ID.where(customer.c.slug == bindparam("slug")).with_for_update()
_KEEP = _ID.where(customer.c.id == bindparam("id")).with_for_update(read=True, key_share=True)


def list_customers(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of customers, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_customer(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """A customer by its slug."""
    return connection.execute(_FIND, {"organisation": organisation_id, "slug": slug}).first()


def hold_customer(connection: Connection, organisation_id: str, slug: str) -> None:
    """Until the transaction ends nobody changes this customer, or gives it an instance."""
    connection.execute(_HOLD, {"organisation": organisation_id, "slug": slug})


def keep_customer(connection: Connection, organisation_id: str, customer_id: str) -> bool:
    """Whether there is a customer with this id, which then stays until the transaction ends."""
    parameters = {"organisation": organisation_id, "id": customer_id}
    return connection.execute(_KEEP, parameters).first() is not None


def add_customer(connection: Connection, **values: object) -> None:
    """Store a customer."""
    connection.execute(insert(customer).values(**values))


def change_customer(connection: Connection, customer_id: str, **values: object) -> None:
    """Overwrite columns of a customer."""
    connection.execute(update(customer).where(customer.c.id == customer_id).values(**values))


def remove_customer(connection: Connection, customer_id: str) -> None:
    """Delete a customer with its instances and their usage."""
    connection.execute(delete(customer).where(customer.c.id == customer_id))
