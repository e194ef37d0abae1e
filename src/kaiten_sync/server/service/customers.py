"""Use cases of customers. Source: API facts, section 2.6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kaiten_sync.server.db import constraints, customers, instances
from kaiten_sync.server.db.customers import CustomerRow, ShownCustomer
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.events import (
    CUSTOMER_CREATED,
    CUSTOMER_DELETED,
    CUSTOMER_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.integrations import refuse_integrations
from kaiten_sync.server.domain.refusals import conflict, unprocessable
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.instances import remove_with_events
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.work import Work, new_id
from kaiten_sync.server.shapes.customers import customer_json

CUSTOMERS = SlugLookup(noun="customer", query=customers.find_customer)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFields:
    """The fields of a customer in a request; None if the request leaves one out."""

    name: str
    slug: str | None = None
    domain: str | None = None
    external_customer_id: str | None = None
    integrations: Mapping[str, Any] = field(default_factory=dict)


def list_customers(work: Work, position: Position | None, limit: int) -> RowPage[ShownCustomer]:
    """One page of the organization's customers."""
    return customers.list_customers(work.connection, work.organization_id, position, limit)


def get_customer(work: Work, slug: str, operation: str = "GetCustomer") -> ShownCustomer:
    """One customer."""
    return CUSTOMERS.get(work, slug, f"{operation}.NotFound")


def create_customer(work: Work, fields: CustomerFields) -> ShownCustomer:
    """Store a new customer."""
    operation = "CreateCustomer"
    refuse_integrations(operation, fields.integrations)
    taken = conflict(f"{operation}.SlugConflict", "another customer has this slug")
    slug = CUSTOMERS.free_slug(work, fields.name, fields.slug, taken)
    row = CustomerRow(
        id=new_id(),
        organization_id=work.organization_id,
        slug=slug,
        name=fields.name,
        domain=fields.domain,
        external_customer_id=fields.external_customer_id,
        created_at=work.now_ms,
        created_by=work.caller.account_id,
        updated_at=work.now_ms,
        updated_by=work.caller.account_id,
    )
    with constraints.conflicts(work.connection, {constraints.CUSTOMER_SLUG: taken}):
        customers.add_customer(work.connection, row)
    return _tell(work, CUSTOMER_CREATED, get_customer(work, slug, operation))


def update_customer(work: Work, slug: str, fields: CustomerFields) -> None:
    """Overwrite a customer; what a PUT leaves out is reset."""
    operation = "UpdateCustomer"
    stored = _find_held(work, slug, operation)
    if fields.slug not in (None, stored.slug):
        raise unprocessable(f"{operation}.SlugNotRenameable", "a slug never changes")
    refuse_integrations(operation, fields.integrations)
    customers.change_customer(
        work.connection,
        stored.id,
        name=fields.name,
        domain=fields.domain,
        external_customer_id=fields.external_customer_id,
        updated_at=work.touched(stored.updated_at),
        updated_by=work.caller.account_id,
    )
    _tell(work, CUSTOMER_UPDATED, get_customer(work, slug, operation))


def delete_customer(work: Work, slug: str) -> None:
    """Delete a customer with its instances and their usage."""
    operation = "DeleteCustomer"
    # Its instances first: whoever changes one holds it before its customer, and two transactions
    # that hold them in different orders would wait for each other.
    found = get_customer(work, slug, operation)
    instances.hold_instances_of(work.connection, work.organization_id, found.id)
    stored = _find_held(work, slug, operation)
    held = instances.hold_instances_of(work.connection, work.organization_id, stored.id)
    remove_with_events(work, held)
    customers.remove_customer(work.connection, stored.id)
    _tell(work, CUSTOMER_DELETED, stored)


def _find_held(work: Work, slug: str, operation: str) -> ShownCustomer:
    """A customer that no other transaction changes before this one ends."""
    if is_slug(slug):
        customers.hold_customer(work.connection, work.organization_id, slug)
    return get_customer(work, slug, operation)


def _tell(work: Work, kind: EventType, row: ShownCustomer) -> ShownCustomer:
    emit(work, kind, customer_json(row), address=f"customer/{row.slug}")
    return row
