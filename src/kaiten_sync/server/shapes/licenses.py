"""Licenses and their families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kaiten_sync.server.db.licenses import FamilyRow, LicenseRow
from kaiten_sync.server.shapes.scalars import timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyView:
    """A family with the version that it serves or that was asked for, and all its versions."""

    family: FamilyRow
    current: LicenseRow | None
    versions: Sequence[LicenseRow]


def license_json(row: LicenseRow) -> dict[str, Any]:
    """A license as the API shows it."""
    body = {
        "id": row.id,
        "familyId": row.family_id,
        "name": row.name,
        "description": row.description,
        "slug": row.slug,
        "type": row.type,
        "version": str(row.version),
        "lifecycleState": row.lifecycle_state,
        "isDefault": row.is_default,
        "createdAt": timestamp(row.created_at),
        "updatedAt": timestamp(row.updated_at),
    }
    if row.version_name is not None:
        body["versionName"] = row.version_name
    if row.is_active is not None:
        body["isActive"] = row.is_active
    return body


def family_json(view: FamilyView, *, with_versions: bool = False) -> dict[str, Any]:
    """A family as the API shows it."""
    body: dict[str, Any] = {
        "id": view.family.id,
        "slug": view.family.slug,
        "versionCount": len(view.versions),
        "createdAt": timestamp(view.family.created_at),
        "updatedAt": timestamp(view.family.updated_at),
    }
    if view.current is not None:
        body["currentVersion"] = license_json(view.current)
    if with_versions:
        body["versions"] = [license_json(row) for row in view.versions]
    return body
