"""Grants: what licenses hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kaiten_sync.server.db.grants import ShownGrant
from kaiten_sync.server.db.groups import MemberGroup
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.shapes.groups import group_summaries
from kaiten_sync.server.shapes.scalars import timestamp


def grant_json(
    row: ShownGrant, holder: LicenseRow, groups: Mapping[str, Sequence[MemberGroup]]
) -> dict[str, Any]:
    """A grant as the API shows it."""
    body: dict[str, Any] = {
        "licenseId": row.license_id,
        "licenseSlug": holder.slug,
        "entitlementSlug": row.entitlement_slug,
        "entitlementName": row.entitlement_name,
        "entitlementType": row.entitlement_type,
        "entitlementGroups": group_summaries(groups.get(row.entitlement_id, [])),
        "value": row.value,
        "createdBy": {"id": row.created_by, "name": row.created_by_name},
        "createdAt": timestamp(row.created_at),
        "updatedBy": {"id": row.updated_by, "name": row.updated_by_name},
        "updatedAt": timestamp(row.updated_at),
    }
    if row.overage_percent is not None:
        body["limitCapExceededOveragePercent"] = row.overage_percent
    return body
