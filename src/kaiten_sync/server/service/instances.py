"""Use cases of instances. Source: API facts, section 2.6.

An instance is created and overwritten as a whole, but for its status and its lifecycle stage,
which only a PATCH moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kaiten_sync.server.db import constraints, customers, instances
from kaiten_sync.server.db.instances import (
    InstanceChange,
    InstanceColumns,
    InstanceRow,
    ShownInstance,
)
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.sums import leave_out
from kaiten_sync.server.domain.events import (
    INSTANCE_CREATED,
    INSTANCE_DELETED,
    INSTANCE_STAGE_CHANGED,
    INSTANCE_STATUS_CHANGED,
    INSTANCE_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.instances import check_license_dates
from kaiten_sync.server.domain.integrations import refuse_integrations
from kaiten_sync.server.domain.licenses import ARCHIVED
from kaiten_sync.server.domain.refusals import conflict, not_found, unprocessable
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.events import Subject, emit
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.usage import let_counters_follow
from kaiten_sync.server.service.work import Work, new_id
from kaiten_sync.server.shapes.instances import (
    instance_json,
    stage_changed_json,
    status_changed_json,
)

HEALTHY = "HEALTHY"
"""The status that an instance begins with."""


INSTANCES = SlugLookup(noun="instance", query=instances.find_instance)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFields:
    """The fields of an instance in a request. Dates are milliseconds since 1970."""

    name: str
    description: str
    customer_id: str
    license_id: str
    start_license_date: int
    end_license_date: int
    slug: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    integrations: Mapping[str, Any] = field(default_factory=dict)
    deployment_zone_id: str | None = None


def list_instances(work: Work, position: Position | None, limit: int) -> RowPage[ShownInstance]:
    """One page of the organization's instances."""
    return instances.list_instances(work.connection, work.organization_id, position, limit)


def get_instance(work: Work, slug: str, operation: str = "GetInstance") -> ShownInstance:
    """One instance."""
    return INSTANCES.get(work, slug, f"{operation}.NotFound")


def create_instance(work: Work, fields: InstanceFields) -> ShownInstance:
    """Store a new instance of a customer, with a license that is not archived."""
    operation = "CreateInstance"
    _check_fields(work, fields, operation, kept_license_id=None)
    taken = conflict(f"{operation}.SlugConflict", "another instance has this slug")
    slug = INSTANCES.free_slug(work, fields.name, fields.slug, taken)
    row = InstanceRow(
        id=new_id(),
        organization_id=work.organization_id,
        slug=slug,
        status=HEALTHY,
        lifecycle_stage=None,
        created_at=work.now_ms,
        created_by=work.caller.account_id,
        updated_at=work.now_ms,
        **_columns(work, fields),
    )
    with constraints.conflicts(work.connection, {constraints.INSTANCE_SLUG: taken}):
        instances.add_instance(work.connection, row)
    return _tell(work, INSTANCE_CREATED, get_instance(work, slug, operation))


def update_instance(work: Work, slug: str, fields: InstanceFields) -> None:
    """Overwrite an instance, and its slug if the request names another one."""
    operation = "UpdateInstance"
    stored = _find_held(work, slug, operation)
    _check_fields(work, fields, operation, kept_license_id=stored.license_id)
    taken = conflict(f"{operation}.SlugConflict", "another instance has this slug")
    slug = stored.slug if fields.slug is None else fields.slug
    with constraints.conflicts(work.connection, {constraints.INSTANCE_SLUG: taken}):
        instances.change_instance(
            work.connection,
            stored.id,
            slug=slug,
            updated_at=work.touched(stored.updated_at),
            **_columns(work, fields),
        )
    let_counters_follow(work, stored.id)
    _tell(work, INSTANCE_UPDATED, get_instance(work, slug, operation))


def move_to_license(work: Work, slug: str, target: LicenseRow) -> None:
    """Give an instance another license; all else of it stays."""
    operation = "UpdateInstance"
    stored = _find_held(work, slug, operation)
    license_row = instances.keep_license(work.connection, work.organization_id, target.id)
    if license_row is None or license_row.lifecycle_state == ARCHIVED:
        detail = f"license {target.slug!r} cannot be given to an instance any more"
        raise unprocessable(f"{operation}.LicenseArchived", detail)
    instances.change_instance(
        work.connection,
        stored.id,
        license_id=target.id,
        updated_by=work.caller.account_id,
        updated_at=work.touched(stored.updated_at),
    )
    let_counters_follow(work, stored.id)
    _tell(work, INSTANCE_UPDATED, get_instance(work, slug, operation))


def patch_instance(work: Work, slug: str, *, status: str | None, stage: str | None) -> None:
    """Move an instance's status, its lifecycle stage, or both. What stays emits nothing."""
    before = _find_held(work, slug, "PatchInstance")
    moved: InstanceChange = {}
    # An event says that something changed. A client that repeats a status every minute changes
    # nothing.
    if status is not None and status != before.status:
        moved["status"] = status
    if stage is not None and stage != before.lifecycle_stage:
        moved["lifecycle_stage"] = stage
    if not moved:
        return
    moved["updated_at"] = work.touched(before.updated_at)
    moved["updated_by"] = work.caller.account_id
    instances.change_instance(work.connection, before.id, **moved)
    subject, actor = Subject(before.id, before.slug), work.caller.account_id
    if "status" in moved:
        told = status_changed_json(before, moved["status"], actor)
        emit(work, INSTANCE_STATUS_CHANGED, told, subject)
    if "lifecycle_stage" in moved:
        told = stage_changed_json(before, moved["lifecycle_stage"], actor)
        emit(work, INSTANCE_STAGE_CHANGED, told, subject)


def delete_instance(work: Work, slug: str) -> None:
    """Delete an instance with its usage. Its events stay, with its slug."""
    remove_with_events(work, [_find_held(work, slug, "DeleteInstance")])


def remove_with_events(work: Work, rows: Sequence[ShownInstance]) -> None:
    """Delete instances that this transaction holds, and emit the events."""
    leave_out(work.connection, [row.id for row in rows])
    for row in rows:
        # Before it is deleted, while there is an instance that the event can point at.
        _tell(work, INSTANCE_DELETED, row)
        instances.remove_instance(work.connection, row.id)


def _check_fields(
    work: Work, fields: InstanceFields, operation: str, *, kept_license_id: str | None
) -> None:
    """Refuse dates in the wrong order, and a customer, license or zone that does not exist.

    Those that exist are kept until the transaction ends. A license
    that was archived may be kept, and not taken.
    """
    check_license_dates(operation, fields.start_license_date, fields.end_license_date)
    refuse_integrations(operation, fields.integrations)
    connection, organization_id = work.connection, work.organization_id
    # Kept until the transaction ends, so that neither is deleted before the instance points at
    # it.
    if not customers.keep_customer(connection, organization_id, fields.customer_id):
        raise not_found(f"{operation}.CustomerNotFound", "there is no such customer")
    license_row = instances.keep_license(connection, organization_id, fields.license_id)
    if license_row is None:
        raise not_found(f"{operation}.LicenseNotFound", "there is no such license")
    if license_row.lifecycle_state == ARCHIVED and license_row.id != kept_license_id:
        raise unprocessable(
            f"{operation}.LicenseArchived", "an archived license cannot be given to an instance"
        )
    if fields.deployment_zone_id is not None:
        raise not_found(f"{operation}.DeploymentZoneNotFound", "this server has no zones")


def _columns(work: Work, fields: InstanceFields) -> InstanceColumns:
    return InstanceColumns(
        name=fields.name,
        description=fields.description,
        customer_id=fields.customer_id,
        license_id=fields.license_id,
        start_license_date=fields.start_license_date,
        end_license_date=fields.end_license_date,
        metadata=dict(fields.metadata),
        updated_by=work.caller.account_id,
    )


def _find_held(work: Work, slug: str, operation: str) -> ShownInstance:
    """An instance that no other transaction changes before this one ends."""
    if is_slug(slug):
        instances.hold_instance(work.connection, work.organization_id, slug)
    return get_instance(work, slug, operation)


def _tell(work: Work, kind: EventType, row: ShownInstance) -> ShownInstance:
    subject = Subject(row.id, row.slug)
    emit(work, kind, instance_json(row), subject, address=f"instance/{row.id}")
    return row
