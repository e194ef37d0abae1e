"""Entitlement groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaiten_sync.server.db.groups import GroupRow, MemberGroup


def group_json(row: GroupRow) -> dict[str, Any]:
    """A group as the API shows it."""
    return {"id": row.id, "name": row.name, "description": row.description, "slug": row.slug}


def group_summaries(rows: Sequence[MemberGroup]) -> list[dict[str, str]]:
    """Groups as they appear inside entitlements and grants."""
    return [{"id": row.id, "name": row.name, "slug": row.slug} for row in rows]
