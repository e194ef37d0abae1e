"""Use cases of customers. Source: API facts, section 2.6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from kaiten_sync.server.db import constraints, customers, instances
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.pages import Page, Position
from kaiten_sync.server.domain.events import (
    CUSTOMER_CREATED,
    CUSTOMER_DELETED,
    CUSTOMER_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.integrations import refuse_integrations
from kaiten_sync.server.domain.refusals import conflict, not_found, unprocessable
from kaiten_sync.server.domain.slugs import is_slug, slug_candidates
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.instances import remove_with_event
from kaiten_sync.server.service.work import Work, first_free, new_id
from kaiten_sync.server.shapes.customers import customer_json


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFields:
    """What a request says about a customer. None: it says nothing."""

    name: str
    slug: str | None = None
    domain: str | None = None
    external_customer_id: str | None = None
    integrations: Mapping[str, Any] = field(default_factory=dict)


def list_customers(work: Work, position: Position | None, limit: int) -> Page:
    """One page of the organisation's customers."""
    return customers.list_customers(work.connection, work.organisation_id, position, limit)


def get_customer(work: Work, slug: str, operation: str = "GetCustomer") -> Row[Any]:
    """One customer."""
    stored = _stored(work, slug)
    if stored is None:
        raise not_found(f"{operation}.NotFound", f"there is no customer {slug!r}")
    return stored


def create_customer(work: Work, fields: CustomerFields) -> Row[Any]:
    """Store a new customer."""
    operation = "CreateCustomer"
    refuse_integrations(operation, fields.integrations)
    taken = conflict(f"{operation}.SlugConflict", "another customer has this slug")
    wanted = [fields.slug] if fields.slug else slug_candidates(fields.name, work.random_hex)
    take_turn(work.connection, work.organisation_id, "customer-slug")
    slug = first_free(wanted, lambda slug: _stored(work, slug) is not None, taken)
    with constraints.conflicts(work.connection, {constraints.CUSTOMER_SLUG: taken}):
        customers.add_customer(
            work.connection,
            id=new_id(),
            organisation_id=work.organisation_id,
            slug=slug,
            created_at=work.now_ms,
            created_by=work.caller.account_id,
            updated_at=work.now_ms,
            **_columns(work, fields),
        )
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
        updated_at=work.touched(stored.updated_at),
        **_columns(work, fields),
    )
    _tell(work, CUSTOMER_UPDATED, get_customer(work, slug, operation))


def delete_customer(work: Work, slug: str) -> None:
    """Delete a customer with its instances and their usage."""
    stored = _find_held(work, slug, "DeleteCustomer")
    held = instances.hold_instances_of(work.connection, work.organisation_id, stored.id)
    for instance in held:
        remove_with_event(work, instance)
    customers.remove_customer(work.connection, stored.id)
    _tell(work, CUSTOMER_DELETED, stored)


def _columns(work: Work, fields: CustomerFields) -> dict[str, Any]:
    return {
        "name": fields.name,
        "domain": fields.domain,
        "external_customer_id": fields.external_customer_id,
        "updated_by": work.caller.account_id,
    }


def _find_held(work: Work, slug: str, operation: str) -> Row[Any]:
    """A customer that no other transaction changes before this one ends."""
    if is_slug(slug):
        customers.hold_customer(work.connection, work.organisation_id, slug)
    return get_customer(work, slug, operation)


def _stored(work: Work, slug: str) -> Row[Any] | None:
    if not is_slug(slug):
        return None
    return customers.find_customer(work.connection, work.organisation_id, slug)


def _tell(work: Work, kind: EventType, row: Row[Any]) -> Row[Any]:
    emit(work, kind, customer_json(row))
    return row
