"""Customers."""

from __future__ import annotations

from typing import TypedDict, Unpack

from sqlalchemy import Connection, bindparam, select

from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, TableRow, delete_row, insert_row, update_row
from kaiten_sync.server.db.tables import customer, service_account


class CustomerRow(TableRow, frozen=True):
    """A customer."""

    id: str
    organization_id: str
    slug: str
    name: str
    domain: str | None
    external_customer_id: str | None
    created_by: str
    created_at: int
    updated_by: str
    updated_at: int


class ShownCustomer(CustomerRow, frozen=True):
    """A customer, with the names of the accounts that created and updated it."""

    created_by_name: str
    updated_by_name: str


class CustomerChange(TypedDict):
    """What an update overwrites."""

    name: str
    domain: str | None
    external_customer_id: str | None
    updated_by: str
    updated_at: int


_creator = service_account.alias("creator")
_updater = service_account.alias("updater")
_MINE: RowQuery[ShownCustomer] = RowQuery(
    ShownCustomer,
    select(
        customer,
        _creator.c.name.label("created_by_name"),
        _updater.c.name.label("updated_by_name"),
    )
    .join(_creator, _creator.c.id == customer.c.created_by)
    .join(_updater, _updater.c.id == customer.c.updated_by)
    .where(customer.c.organization_id == bindparam("organization")),
)
_LIST = _MINE.newest_first(customer)
_FIND = _MINE.where(customer.c.slug == bindparam("slug"))

# Locks are taken on one table: a row that changed while a join waited for it could fall out of
# the join, and look as if it were gone.
_ID = select(customer.c.id).where(customer.c.organization_id == bindparam("organization"))
_HOLD = _ID.where(customer.c.slug == bindparam("slug")).with_for_update()
_KEEP = _ID.where(customer.c.id == bindparam("id")).with_for_update(read=True, key_share=True)


def list_customers(
    connection: Connection, organization_id: str, position: Position | None, limit: int
) -> RowPage[ShownCustomer]:
    """One page of customers, newest first."""
    return _LIST.page(connection, position, limit, organization=organization_id)


def find_customer(connection: Connection, organization_id: str, slug: str) -> ShownCustomer | None:
    """A customer by its slug."""
    return _FIND.first(connection, organization=organization_id, slug=slug)


def hold_customer(connection: Connection, organization_id: str, slug: str) -> None:
    """Until the transaction ends nobody changes this customer or adds an instance to it."""
    connection.execute(_HOLD, {"organization": organization_id, "slug": slug})


def keep_customer(connection: Connection, organization_id: str, customer_id: str) -> bool:
    """Whether there is a customer with this id, which then stays until the transaction ends."""
    parameters = {"organization": organization_id, "id": customer_id}
    return connection.execute(_KEEP, parameters).first() is not None


def add_customer(connection: Connection, row: CustomerRow) -> None:
    """Store a customer."""
    insert_row(connection, customer, row)


def change_customer(
    connection: Connection, customer_id: str, **values: Unpack[CustomerChange]
) -> None:
    """Overwrite columns of a customer."""
    update_row(connection, customer, customer_id, values)


def remove_customer(connection: Connection, customer_id: str) -> None:
    """Delete a customer with its instances and their usage."""
    delete_row(connection, customer, customer_id)
