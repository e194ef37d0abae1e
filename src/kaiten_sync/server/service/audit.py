"""Use case of audit trails: what happened to an instance."""

from __future__ import annotations

from kaiten_sync.server.db import audit
from kaiten_sync.server.db.audit import TrailEvent, TrailFilter
from kaiten_sync.server.db.instances import ShownInstance
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.service.instances import INSTANCES
from kaiten_sync.server.service.work import Work


def list_trail(
    work: Work, instance_slug: str, wanted: TrailFilter, position: Position | None, limit: int
) -> tuple[ShownInstance, RowPage[TrailEvent]]:
    """An instance, and one page of its events."""
    instance = INSTANCES.get(work, instance_slug, "GetAuditTrails.InstanceNotFound")
    page = audit.list_trail(
        work.connection, work.organization_id, instance.id, wanted, position, limit
    )
    return instance, page
