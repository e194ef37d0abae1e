"""Use cases of webhooks: endpoints, and what became of their deliveries."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from kaiten_sync.server.db import deliveries, webhooks
from kaiten_sync.server.db.attempts import AttemptRow, newest_attempts
from kaiten_sync.server.db.deliveries import ShownDelivery
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.webhooks import DeliveryRow, EndpointRow
from kaiten_sync.server.domain.events import WEBHOOK_PAUSED, WEBHOOK_RESUMED, WEBHOOK_TEST
from kaiten_sync.server.domain.refusals import Problem, conflict, not_found, unprocessable
from kaiten_sync.server.domain.webhooks import (
    MAX_ENDPOINTS,
    EndpointHealth,
    check_url,
    new_secret,
    wanted_types,
)
from kaiten_sync.server.service.events import emit, emit_to
from kaiten_sync.server.service.work import Work, is_id, new_id
from kaiten_sync.server.shapes.webhooks import endpoint_json

log = logging.getLogger(__name__)

MAX_ATTEMPTS_SHOWN = 50
"""Attempts that a delivery is shown with: one that is repeated by hand may have any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFields:
    """The fields of an endpoint in a request. Names may be given as types, and types as names."""

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

    def refuse_contradiction(self) -> None:
        """Refuse lists that name different events, where each has to be all of them.

        An answer has both, so somebody who changes one of them and sends both back would keep what
        was taken away.
        """
        if self.event_types and self.event_names:
            types, names = replace(self, event_names=()), replace(self, event_types=())
            if types.wanted != names.wanted:
                problem = "not the events of eventTypes; send one of the two"
                raise unprocessable(
                    "UNPROCESSABLE", "validation failed", [Problem(problem, "body.eventNames")]
                )


def list_endpoints(
    work: Work,
    position: Position | None,
    limit: int,
    *,
    is_unwell: bool = False,
    sort: str = "",
    text: str = "",
) -> RowPage[EndpointRow]:
    """One page of the organization's endpoints, or only of those that fail or are paused.

    With a text those whose URLs contain it.
    """
    return webhooks.list_endpoints(
        work.connection,
        work.organization_id,
        position,
        limit,
        is_unwell=is_unwell,
        sort=sort,
        text=text,
    )


def count_unwell(work: Work) -> int:
    """How many of the organization's endpoints fail or are paused."""
    return webhooks.count_unwell(work.connection, work.organization_id)


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
    # A count is not a row that can be locked: two requests that see 49 would make it 51.
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
    """Overwrite where an endpoint is and what it wants, and resume it if it is paused.

    What is queued is delivered to the new place.
    """
    operation = "UpdateWebhook"
    stored = _locked(work, endpoint_id, operation)
    wanted = fields.wanted
    fields.refuse_contradiction()
    check_url(operation, fields.url, allow_private=work.allow_private_webhooks)
    webhooks.change_endpoint(
        work.connection,
        stored.id,
        url=fields.url,
        event_types=wanted,
        updated_at=work.touched(stored.updated_at),
    )
    resume_endpoint(work, stored.id)


def resume_endpoint(work: Work, endpoint_id: str) -> None:
    """Deliver to an endpoint again, from now on and without waiting for its next attempt."""
    stored = _locked(work, endpoint_id, "ResumeWebhook")
    webhooks.change_endpoint(work.connection, stored.id, **asdict(EndpointHealth()))
    work.queued.append(stored.id)  # what waits for the next attempt is due now
    if stored.paused_at is not None:
        resumed = get_endpoint(work, stored.id)
        emit(work, WEBHOOK_RESUMED, endpoint_json(resumed))


def pause_endpoint(work: Work, endpoint_id: str) -> None:
    """Deliver nothing more to an endpoint until it is resumed. What is queued fails."""
    stored = _locked(work, endpoint_id, "PauseWebhook")
    if stored.paused_at is not None:
        return
    webhooks.change_endpoint(work.connection, stored.id, paused_at=work.now_ms)
    webhooks.end_pending(work.connection, stored.id, "the webhook was paused")
    emit(work, WEBHOOK_PAUSED, endpoint_json(get_endpoint(work, stored.id)))


def rotate_secret(work: Work, endpoint_id: str) -> None:
    """Give an endpoint another secret; what is sent from now on is signed with it."""
    stored = _locked(work, endpoint_id, "RotateWebhookSecret")
    webhooks.change_endpoint(
        work.connection,
        stored.id,
        secret=new_secret(),
        updated_at=work.touched(stored.updated_at),
    )


def send_test(work: Work, endpoint_id: str) -> None:
    """Deliver an event to an endpoint that says nothing but that it was asked for."""
    operation = "TestWebhook"
    stored = _unless_paused(_locked(work, endpoint_id, operation), operation)
    webhooks.change_endpoint(work.connection, stored.id, retry_at=0)
    # To this endpoint alone, whatever it subscribes to.
    emit_to(work, WEBHOOK_TEST, endpoint_json(stored), stored.id)


def count_since(work: Work, endpoint_id: str, since_ms: int, *, has_all: bool) -> int:
    """How many deliveries `resend_since` delivers again."""
    operation = "ResendDeliveries"
    stored = _unless_paused(get_endpoint(work, endpoint_id, operation), operation)
    return webhooks.count_finished(work.connection, stored.id, since_ms, has_all=has_all)


def resend_since(work: Work, endpoint_id: str, since_ms: int, *, has_all: bool) -> int:
    """Deliver again what was queued since a time, if it failed, or all. Returns how many."""
    operation = "ResendDeliveries"
    stored = _unless_paused(_locked(work, endpoint_id, operation), operation)
    webhooks.change_endpoint(work.connection, stored.id, retry_at=0)
    work.queued.append(stored.id)
    return webhooks.resend(work.connection, stored.id, since_ms, work.now_ms, has_all=has_all)


def _locked(work: Work, endpoint_id: str, operation: str) -> EndpointRow:
    """One endpoint, once all that is being queued at it is stored; nobody else queues meanwhile.

    Whoever pauses it then ends all that is pending, and whoever queues sees that it is paused.
    """
    webhooks.lock_endpoint(work.connection, get_endpoint(work, endpoint_id, operation).id)
    return get_endpoint(work, endpoint_id, operation)  # as it is now


def _unless_paused(stored: EndpointRow, operation: str) -> EndpointRow:
    if stored.paused_at is not None:
        raise conflict(f"{operation}.Paused", "this webhook is paused; resume it first")
    return stored


def note_success(work: Work, endpoint_id: str) -> None:
    """Record that an endpoint that failed before took a delivery."""
    webhooks.change_endpoint(work.connection, endpoint_id, **asdict(EndpointHealth()))


def note_failure(
    work: Work,
    endpoint_id: str,
    *,
    is_answered: bool,
    asked_s: float,
    delays_s: Sequence[float],
) -> None:
    """Record that an endpoint did not take a delivery; pause it if it has not for days."""
    # Two workers may fail at the same endpoint: each would count from what the other has not
    # stored.
    stored = webhooks.lock_endpoint(work.connection, endpoint_id)
    if stored is None or stored.paused_at is not None:
        return
    health = stored.after_failure(
        work.now_ms, is_answered=is_answered, asked_s=asked_s, delays_s=delays_s
    )
    webhooks.change_endpoint(work.connection, stored.id, **asdict(health))
    if health.paused_at is not None:
        webhooks.end_pending(work.connection, stored.id, "the webhook was paused")
        paused = get_endpoint(work, stored.id)
        emit(work, WEBHOOK_PAUSED, endpoint_json(paused))
        log.warning("webhook %s is paused: no delivery succeeded for days", stored.id)


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
    sort: str = "",
) -> RowPage[ShownDelivery]:
    """One page of what became of the organization's deliveries, newest first or sorted."""
    return deliveries.list_deliveries(
        work.connection,
        work.organization_id,
        position,
        limit,
        endpoint_id=endpoint_id,
        status=status,
        sort=sort,
    )


def payloads_of(work: Work, rows: Sequence[DeliveryRow]) -> dict[int, Any]:
    """What was or will be delivered, by the `event_seq` of these deliveries."""
    return webhooks.payloads_of(work.connection, [row.event_seq for row in rows])


def get_delivery(
    work: Work, endpoint_id: str, delivery_id: str, operation: str = "GetDelivery"
) -> ShownDelivery:
    """One delivery to an endpoint."""
    stored = (
        deliveries.find_delivery(work.connection, work.organization_id, delivery_id)
        if is_id(delivery_id)
        else None
    )
    # An id of another endpoint's delivery is answered as one that does not exist.
    if stored is None or stored.endpoint_id != endpoint_id:
        raise not_found(f"{operation}.NotFound", "there is no such delivery")
    return stored


def attempts_of(work: Work, delivery: DeliveryRow) -> Sequence[AttemptRow]:
    """The newest attempts of a delivery, newest first."""
    return newest_attempts(work.connection, delivery.id, MAX_ATTEMPTS_SHOWN)


def retry_delivery(work: Work, endpoint_id: str, delivery_id: str) -> None:
    """Deliver a finished delivery again, at once. One that waits becomes due now."""
    operation = "RetryDelivery"
    endpoint = _unless_paused(_locked(work, endpoint_id, operation), operation)
    stored = get_delivery(work, endpoint.id, delivery_id, operation)
    webhooks.change_endpoint(work.connection, endpoint.id, retry_at=0)
    webhooks.change_delivery(work.connection, stored.id, status="pending", due_at=work.now_ms)
    work.queued.append(stored.id)
