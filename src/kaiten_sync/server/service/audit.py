"""Use case of audit trails: what happened to an instance."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from kaiten_sync.server.db import audit, instances
from kaiten_sync.server.db.audit import TrailFilter
from kaiten_sync.server.db.pages import Page, Position
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.work import Work


def list_trail(
    work: Work, instance_slug: str, wanted: TrailFilter, position: Position | None, limit: int
) -> tuple[Row[Any], Page]:
    """An instance, and one page of its events."""
    instance = (
        instances.find_instance(work.connection, work.organisation_id, instance_slug)
        if is_slug(instance_slug)
        else None
    )
    if instance is None:
        raise not_found(
            "GetAuditTrails.InstanceNotFound", f"there is no instance {instance_slug!r}"
        )
    page = audit.list_trail(
        work.connection, work.organisation_id, instance.id, wanted, position, limit
    )
    return instance, page
