"""Use cases of licenses: create, change, move, delete."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from kaiten_sync.server.db import constraints, instances, licenses
from kaiten_sync.server.db.licenses import FamilyRow, LicenseRow
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.events import (
    LICENSE_ARCHIVED,
    LICENSE_CREATED,
    LICENSE_DELETED,
    LICENSE_PUBLISHED,
    LICENSE_UNARCHIVED,
    LICENSE_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.licenses import (
    ARCHIVE,
    PUBLISH,
    PUBLISHED,
    UNARCHIVE,
    LicenseFields,
    LifecycleMove,
    check_change,
    check_move,
    check_new,
    check_new_version,
)
from kaiten_sync.server.domain.refusals import (
    RefusalError,
    conflict,
    not_found,
    unprocessable,
)
from kaiten_sync.server.domain.slugs import slug_candidates, version_slug
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.families import FAMILIES
from kaiten_sync.server.service.family_changes import family_view, tell_family
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.work import Work, first_free, new_id
from kaiten_sync.server.shapes.licenses import FamilyView, license_json

_MOVED: Mapping[LifecycleMove, EventType] = {
    PUBLISH: LICENSE_PUBLISHED,
    ARCHIVE: LICENSE_ARCHIVED,
    UNARCHIVE: LICENSE_UNARCHIVED,
}


LICENSES = SlugLookup(noun="license", query=licenses.find_license)


def list_licenses(work: Work, position: Position | None, limit: int) -> RowPage[LicenseRow]:
    """One page of the organization's licenses."""
    return licenses.list_licenses(work.connection, work.organization_id, position, limit)


def get_license(work: Work, slug: str, operation: str = "GetLicense") -> LicenseRow:
    """One license."""
    return LICENSES.get(work, slug, f"{operation}.NotFound")


def create_license(work: Work, fields: LicenseFields) -> LicenseRow:
    """Store a new version: of the family that is named, or else of a new one."""
    check_new(fields)
    family = _target_family(work, fields)
    version = family.last_version + 1 if family else 1
    check_new_version(fields, version)
    taken = conflict("CreateLicense.SlugConflict", "another license or family has this slug")
    slug = _free_slug(work, fields, family, taken)
    before = family_view(work, family.id) if family else None
    conflicts = {
        constraints.LICENSE_SLUG: taken,
        constraints.FAMILY_SLUG: taken,
        constraints.FAMILY_DEFAULT: conflict(
            "CreateLicense.DefaultConflict", "another version became the default just now"
        ),
    }
    with constraints.conflicts(work.connection, conflicts):
        family_id = _write_family(work, family, slug, version)
        # Cleared before it is set: one default per family is an index, checked at each statement.
        if fields.is_default:
            _clear_default(work, before)
        _add(work, fields, family_id=family_id, slug=slug, version=version)
    created = get_license(work, slug, "CreateLicense")
    if before is None:  # The family is there before the version that opens it.
        tell_family(work, created.family_id, None)
    _tell(work, LICENSE_CREATED, created)
    if before is not None:
        tell_family(work, created.family_id, before)
    return created


def update_license(work: Work, slug: str, fields: LicenseFields) -> None:
    """Overwrite a license; what a PUT leaves out is reset, but for `isActive`."""
    stored = _find_locked(work, slug, "UpdateLicense")
    check_change(stored, fields)
    before = family_view(work, stored.family_id)
    lost = conflict("UpdateLicense.DefaultConflict", "another version became the default just now")
    with constraints.conflicts(work.connection, {constraints.FAMILY_DEFAULT: lost}):
        # Cleared before it is set, as above.
        if fields.is_default:
            _clear_default(work, before, but=stored.id)
        licenses.change_license(
            work.connection,
            stored.id,
            name=fields.name,
            description=fields.description,
            type=fields.type,
            is_default=fields.is_default,
            version_name=fields.version_name,
            # A client of the current generation does not know isActive: it must not erase it.
            is_active=stored.is_active if fields.is_active is None else fields.is_active,
            updated_at=work.touched(stored.updated_at),
        )
    _tell(work, LICENSE_UPDATED, get_license(work, slug, "UpdateLicense"))
    tell_family(work, stored.family_id, before)


def move_license(work: Work, slug: str, move: LifecycleMove) -> LicenseRow:
    """Publish, archive or unarchive a version."""
    stored = _find_locked(work, slug, move.operation)
    check_move(stored, move)
    before = family_view(work, stored.family_id)
    licenses.change_license(
        work.connection,
        stored.id,
        lifecycle_state=move.target,
        updated_at=work.touched(stored.updated_at),
    )
    moved = get_license(work, slug, move.operation)
    _tell(work, _MOVED[move], moved)
    tell_family(work, stored.family_id, before)
    return moved


def delete_license(work: Work, slug: str) -> None:
    """Delete a version that grants nothing and no instance has; its family with the last one."""
    stored = _find_locked(work, slug, "DeleteLicense")
    code = "DeleteLicense.InUseConflict"
    granting = conflict(code, f"license {slug!r} still grants entitlements")
    held = conflict(code, f"license {slug!r} is still held by instances")
    # Asked for the message alone. The keys decide: a grant or an instance may come in between, as
    # neither of them takes the family's lock.
    if licenses.has_grants(work.connection, stored.id):
        raise granting
    if instances.has_license(work.connection, stored.id):
        raise held
    before = family_view(work, stored.family_id)
    broken = {constraints.GRANT_LICENSE: granting, constraints.INSTANCE_LICENSE: held}
    with constraints.conflicts(work.connection, broken):
        licenses.remove_license(work.connection, stored.id)
    # Under the lock of the family: nobody adds a version in between.
    if not licenses.versions_of(work.connection, [stored.family_id])[stored.family_id]:
        licenses.remove_family(work.connection, stored.family_id)
    _tell(work, LICENSE_DELETED, stored)
    tell_family(work, stored.family_id, before)


def _find_locked(work: Work, slug: str, operation: str) -> LicenseRow:
    """A license whose family no other transaction changes before this one ends."""
    family_id = get_license(work, slug, operation).family_id
    licenses.lock_family(work.connection, work.organization_id, family_id=family_id)
    # Read again: another transaction may have changed it until the lock was had.
    return get_license(work, slug, operation)


def _clear_default(work: Work, family: FamilyView | None, but: str | None = None) -> None:
    for version in family.versions if family else ():
        if version.is_default and version.id != but:
            licenses.change_license(
                work.connection,
                version.id,
                is_default=False,
                updated_at=work.touched(version.updated_at),
            )
            _tell(work, LICENSE_UPDATED, LICENSES.get(work, version.slug, "License.NotFound"))


def _tell(work: Work, kind: EventType, row: LicenseRow) -> None:
    emit(work, kind, license_json(row), address=f"license/{row.slug}")


def _target_family(work: Work, fields: LicenseFields) -> FamilyRow | None:
    if fields.family_id is None and fields.family_slug is None:
        return None
    family = licenses.lock_family(
        work.connection,
        work.organization_id,
        family_id=fields.family_id,
        slug=fields.family_slug,
    )
    if family is None:
        raise not_found("CreateLicense.FamilyNotFound", "there is no such license family")
    if fields.family_slug not in (None, family.slug):
        raise unprocessable(
            "CreateLicense.FamilyMismatch", "familyId and familySlug name different families"
        )
    return family


def _add(work: Work, fields: LicenseFields, *, family_id: str, slug: str, version: int) -> None:
    named = fields.version_name
    row = LicenseRow(
        id=new_id(),
        organization_id=work.organization_id,
        family_id=family_id,
        slug=slug,
        name=fields.name,
        description=fields.description,
        type=fields.type,
        version=version,
        # An empty name is kept: only a name that is left out is filled in (API facts, 2.4).
        version_name=f"Version - {version}" if named is None else named,
        lifecycle_state=fields.lifecycle_state or PUBLISHED,
        is_default=fields.is_default,
        is_active=fields.is_active,
        created_at=work.now_ms,
        updated_at=work.now_ms,
    )
    licenses.add_license(work.connection, row)


def _free_slug(
    work: Work, fields: LicenseFields, family: FamilyRow | None, taken: RefusalError
) -> str:
    def is_taken(slug: str) -> bool:
        if LICENSES.find(work, slug) is not None:
            return True
        # A family outlives the version that gave it its slug.
        return family is None and FAMILIES.find(work, slug) is not None

    # Licenses and families share their slugs, which no key of one table can hold apart.
    take_turn(work.connection, work.organization_id, "license-slug")
    if fields.slug is not None:
        return first_free([fields.slug], is_taken, taken)
    of_family = [] if family is None else [version_slug(family.slug, family.last_version + 1)]
    return first_free(
        chain(of_family, slug_candidates(fields.name, work.random_hex)), is_taken, taken
    )


def _write_family(work: Work, family: FamilyRow | None, slug: str, version: int) -> str:
    """The family counts its versions, so that no number is used twice. Returns its id."""
    if family is not None:
        licenses.change_family(
            work.connection,
            family.id,
            last_version=version,
            updated_at=work.touched(family.updated_at),
        )
        return family.id
    family_id = new_id()
    row = FamilyRow(
        id=family_id,
        organization_id=work.organization_id,
        slug=slug,
        last_version=version,
        created_at=work.now_ms,
        updated_at=work.now_ms,
    )
    licenses.add_family(work.connection, row)
    return family_id
