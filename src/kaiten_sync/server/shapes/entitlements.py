"""Entitlements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.groups import MemberGroup
from kaiten_sync.server.shapes.groups import group_summaries
from kaiten_sync.server.shapes.scalars import number, timestamp, without_none

COLUMNS: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "slug": "slug",
    "type": "type",
    "meterType": "meter_type",
    "aggregationMethod": "aggregation_method",
    "resetPeriod": "reset_period",
    "resetAnchor": "reset_anchor",
    "warningThresholdPercent": "warning_threshold_percent",
    "userFacing": "user_facing",
    "displayOrder": "display_order",
    "icon": "icon",
    "unitSingular": "unit_singular",
    "unitPlural": "unit_plural",
    "saleUnitSingular": "sale_unit_singular",
    "saleUnitPlural": "sale_unit_plural",
    "saleUnitFactor": "sale_unit_factor",
}
"""Properties that are stored as they are sent, and their columns."""

_stored = attrgetter(*COLUMNS.values())


def entitlement_json(row: EntitlementRow, groups: Sequence[MemberGroup]) -> dict[str, Any]:
    """An entitlement as the API shows it: what is not set is absent, but for the description."""
    body = without_none(dict(zip(COLUMNS, _stored(row), strict=True)))
    if row.sale_unit_factor is not None:
        body["saleUnitFactor"] = number(row.sale_unit_factor)
    return {
        "id": row.id,
        "description": None,
        **body,
        "entitlementGroups": group_summaries(groups),
        "createdAt": timestamp(row.created_at),
        "updatedAt": timestamp(row.updated_at),
    }
