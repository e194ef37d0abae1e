"""Use cases of webhooks: endpoints, and what became of their deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.db import webhooks
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.webhooks import DeliveryRow, EndpointRow, ShownDelivery
from kaiten_sync.server.domain.refusals import conflict, not_found
from kaiten_sync.server.domain.webhooks import MAX_ENDPOINTS, check_url, new_secret, wanted_types
from kaiten_sync.server.service.work import Work, is_id, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFields:
    """What a request says of an endpoint. Types may be spelled as names, and names as types."""

    url: str
    event_types: Sequence[str] = ()
    event_names: Sequence[str] = ()

    @property
    def wanted(self) -> list[str]:
        """The event types that are named. Raises as `wanted_types` does."""
        named = [
            *((f"body.eventTypes[{i}]", text) for i, text in enumerate(self.event_types)),
            *((f"body.eventNames[{i}]", text) for i, text in enumerate(self.event_names)),
        ]
        return wanted_types(named)


def list_endpoints(work: Work, position: Position | None, limit: int) -> RowPage[EndpointRow]:
    """One page of the organization's endpoints."""
    return webhooks.list_endpoints(work.connection, work.organization_id, position, limit)


def get_endpoint(work: Work, endpoint_id: str, operation: str = "GetWebhook") -> EndpointRow:
    """One endpoint."""
    found = (
        webhooks.find_endpoint(work.connection, work.organization_id, endpoint_id)
        if is_id(endpoint_id)
        else None
    )
    if found is None:
        raise not_found(f"{operation}.NotFound", "there is no such webhook")
    return found


def create_endpoint(work: Work, fields: EndpointFields) -> EndpointRow:
    """Store a new endpoint, with a secret that it alone has."""
    operation = "CreateWebhook"
    wanted = fields.wanted
    check_url(operation, fields.url, allow_private=work.allow_private_webhooks)
    take_turn(work.connection, work.organization_id, "webhooks")
    if webhooks.count_endpoints(work.connection, work.organization_id) >= MAX_ENDPOINTS:
        raise conflict(
            f"{operation}.LimitReached", f"an organization has at most {MAX_ENDPOINTS} webhooks"
        )
    row = EndpointRow(
        id=new_id(),
        organization_id=work.organization_id,
        url=fields.url,
        event_types=wanted,
        secret=new_secret(),
        created_at=work.now_ms,
        updated_at=work.now_ms,
    )
    webhooks.add_endpoint(work.connection, row)
    return row


def update_endpoint(work: Work, endpoint_id: str, fields: EndpointFields) -> None:
    """Overwrite where an endpoint is and what it wants. What is queued goes to the new place."""
    operation = "UpdateWebhook"
    stored = get_endpoint(work, endpoint_id, operation)
    wanted = fields.wanted
    check_url(operation, fields.url, allow_private=work.allow_private_webhooks)
    webhooks.change_endpoint(
        work.connection,
        stored.id,
        url=fields.url,
        event_types=wanted,
        updated_at=work.touched(stored.updated_at),
    )


def delete_endpoint(work: Work, endpoint_id: str) -> None:
    """Delete an endpoint and what is queued for it."""
    stored = get_endpoint(work, endpoint_id, "DeleteWebhook")
    webhooks.remove_endpoint(work.connection, stored.id)


def list_deliveries(
    work: Work,
    position: Position | None,
    limit: int,
    *,
    endpoint_id: str | None = None,
    status: str | None = None,
) -> RowPage[ShownDelivery]:
    """One page of what became of the organization's deliveries, newest first."""
    return webhooks.list_deliveries(
        work.connection,
        work.organization_id,
        position,
        limit,
        endpoint_id=endpoint_id,
        status=status,
    )


def payloads_of(work: Work, deliveries: Sequence[DeliveryRow]) -> dict[int, Any]:
    """What was or will be delivered, by the `event_seq` of these deliveries."""
    return webhooks.payloads_of(work.connection, [row.event_seq for row in deliveries])


def retry_delivery(work: Work, endpoint_id: str, delivery_id: str) -> None:
    """Deliver a finished delivery again, at once. One that waits becomes due now."""
    operation = "RetryDelivery"
    endpoint = get_endpoint(work, endpoint_id, operation)
    stored = (
        webhooks.find_delivery(work.connection, work.organization_id, delivery_id)
        if is_id(delivery_id)
        else None
    )
    if stored is None or stored.endpoint_id != endpoint.id:
        raise not_found(f"{operation}.NotFound", "there is no such delivery")
    webhooks.change_delivery(work.connection, stored.id, status="pending", due_at=work.now_ms)
    work.queued.append(stored.id)
