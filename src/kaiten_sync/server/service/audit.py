"""Use cases of the audit: what happened, to what, from what to what, and by whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kaiten_sync.licensing import Unit
from kaiten_sync.server.db import audit
from kaiten_sync.server.db.audit import TrailEvent, TrailFilter
from kaiten_sync.server.db.instances import ShownInstance
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.service.instances import INSTANCES
from kaiten_sync.server.service.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """One page of events; `before` is what the object of each was before, by the event's place.

    `entitlements` are those that events are about and that are still there: units by slug.
    """

    rows: Sequence[TrailEvent]
    entitlements: Mapping[str, Unit]
    before: Mapping[int, Mapping[str, Any]]
    next: Position | None


def list_trail(
    work: Work, instance_slug: str, wanted: TrailFilter, position: Position | None, limit: int
) -> tuple[ShownInstance, RowPage[TrailEvent]]:
    """An instance, and one page of its events."""
    instance = INSTANCES.get(work, instance_slug, "GetAuditTrails.InstanceNotFound")
    wanted = replace(wanted, instance_id=instance.id)
    page = audit.list_trail(work.connection, work.organization_id, wanted, position, limit)
    return instance, page


def recent_events(work: Work, limit: int) -> Sequence[TrailEvent]:
    """The newest events of the organization."""
    wanted = TrailFilter()
    return audit.list_trail(work.connection, work.organization_id, wanted, None, limit).rows


def list_audit(work: Work, wanted: TrailFilter, position: Position | None, limit: int) -> AuditPage:
    """One page of the organization's events, with what each object was before."""
    page = audit.list_trail(work.connection, work.organization_id, wanted, position, limit)
    before = audit.previous_payloads(work.connection, page.rows)
    slugs = {slug for slug in map(entitlement_of, page.rows) if slug is not None}
    return AuditPage(
        rows=page.rows,
        before=before,
        entitlements=units_of(work, slugs),
        next=page.next,
    )


def units_of(work: Work, slugs: Collection[str]) -> Mapping[str, Unit]:
    """The units of those of these entitlements that are there, by their slugs."""
    return audit.existing_entitlements(work.connection, work.organization_id, slugs)


def entitlement_of(event: TrailEvent) -> str | None:
    """The slug of the entitlement that an event of an instance or a license is about."""
    found = event.payload.get("entitlement_slug") or event.payload.get("entitlementSlug")
    return found if isinstance(found, str) else None
