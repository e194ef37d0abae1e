"""Emits events of license families.

A family has no operation of its own: it appears with its first version, goes with its last one,
and changes when another version comes to be served. Source: the 1.0 contract's webhooks
`license_family.v1.*`. Whoever changes a version holds the family's lock, so that what is compared
here cannot change in between.
"""

from __future__ import annotations

from kaiten_sync.server.db import licenses
from kaiten_sync.server.domain.events import (
    FAMILY_CREATED,
    FAMILY_DELETED,
    FAMILY_UPDATED,
)
from kaiten_sync.server.domain.licenses import served_version
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import FamilyView, family_json


def family_view(work: Work, family_id: str) -> FamilyView | None:
    """A family with the version that it serves now; None if it is gone."""
    family = licenses.read_family(work.connection, work.organization_id, family_id)
    if family is None:
        return None
    versions = licenses.versions_of(work.connection, [family_id])[family_id]
    return FamilyView(family=family, current=served_version(versions), versions=versions)


def tell_family(work: Work, family_id: str, before: FamilyView | None) -> None:
    """Emit that a family came, went, or serves another version than `before`, or none."""
    after = family_view(work, family_id)
    if before is None and after is not None:
        emit(work, FAMILY_CREATED, family_json(after))
    elif before is not None and after is None:
        emit(work, FAMILY_DELETED, family_json(before))
    elif before is not None and after is not None and _served(before) != _served(after):
        emit(work, FAMILY_UPDATED, family_json(after))


def _served(view: FamilyView) -> str | None:
    return view.current.id if view.current is not None else None
