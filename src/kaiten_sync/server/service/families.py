"""Use cases of license families: read them with the version that each serves."""

from __future__ import annotations

from kaiten_sync.server.db import licenses
from kaiten_sync.server.db.licenses import FamilyRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.licenses import served_version
from kaiten_sync.server.domain.refusals import not_found
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import FamilyView

FAMILIES = SlugLookup(noun="license family", query=licenses.find_family)


def list_families(
    work: Work, position: Position | None, limit: int
) -> tuple[RowPage[FamilyRow], list[FamilyView]]:
    """One page of the organization's families."""
    page = licenses.list_families(work.connection, work.organization_id, position, limit)
    versions = licenses.versions_of(work.connection, [row.id for row in page.rows])
    views = [
        FamilyView(family=row, current=served_version(versions[row.id]), versions=versions[row.id])
        for row in page.rows
    ]
    return page, views


def get_family(work: Work, slug: str, *, version: int | None, with_versions: bool) -> FamilyView:
    """One family with the version that it serves, or with the one that is asked for."""
    family = FAMILIES.get(work, slug, "GetLicenseFamily.NotFound")
    versions = licenses.versions_of(work.connection, [family.id])[family.id]
    if version is None:
        current = served_version(versions)
        if current is None and not with_versions:
            raise not_found(
                "GetLicenseFamily.NoPublishedVersion",
                f"license family {slug!r} has no published version",
            )
    else:
        current = next((row for row in versions if row.version == version), None)
        if current is None:
            raise not_found(
                "GetLicenseFamily.VersionNotFound",
                f"license family {slug!r} has no version {version}",
            )
    return FamilyView(family=family, current=current, versions=versions)
