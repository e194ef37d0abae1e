"""Instances: in the API's answers, and in the events of what becomes of them."""

from __future__ import annotations

from typing import Any

from kaiten_sync.server.db.instances import ShownInstance
from kaiten_sync.server.shapes.scalars import timestamp, user, without_none


def instance_json(row: ShownInstance) -> dict[str, Any]:
    """An instance as the API shows it."""
    body = {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "description": row.description,
        "status": row.status,
        "lifecycleStage": row.lifecycle_stage,
        "customerId": row.customer_id,
        "customerSlug": row.customer_slug,
        "licenseId": row.license_id,
        "licenseSlug": row.license_slug,
        "startLicenseDate": timestamp(row.start_license_date),
        "endLicenseDate": timestamp(row.end_license_date),
        "metadata": row.metadata,
        "createdBy": user(row.created_by, row.created_by_name),
        "createdAt": timestamp(row.created_at),
        "updatedBy": user(row.updated_by, row.updated_by_name),
        "updatedAt": timestamp(row.updated_at),
    }
    return without_none(body)


def status_changed_json(before: ShownInstance, status: str, changed_by: str) -> dict[str, Any]:
    """The event that the operational status became another."""
    return {
        "instance_id": before.id,
        "previous_status": before.status,
        "new_status": status,
        "changed_by": changed_by,
    }


def stage_changed_json(before: ShownInstance, stage: str, changed_by: str) -> dict[str, Any]:
    """The event that the commercial stage became another. Here null is written, not left out."""
    return {
        "instance_id": before.id,
        "previous_lifecycle_stage": before.lifecycle_stage,
        "new_lifecycle_stage": stage,
        "changed_by": changed_by,
    }
