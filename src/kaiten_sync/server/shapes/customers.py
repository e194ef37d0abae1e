"""Customers."""

from __future__ import annotations

from typing import Any

from kaiten_sync.server.db.customers import ShownCustomer
from kaiten_sync.server.shapes.scalars import timestamp, user, without_none


def customer_json(row: ShownCustomer) -> dict[str, Any]:
    """A customer as the API shows it: without an external id it shows null, as upstream does."""
    body = {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "domain": row.domain,
        "createdBy": user(row.created_by, row.created_by_name),
        "createdAt": timestamp(row.created_at),
        "updatedBy": user(row.updated_by, row.updated_by_name),
        "updatedAt": timestamp(row.updated_at),
    }
    return {**without_none(body), "externalCustomerId": row.external_customer_id}
