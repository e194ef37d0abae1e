"""Use cases of grants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection

from kaiten_sync.server.db import constraints, grants, groups
from kaiten_sync.server.db.grants import GrantRow, ShownGrant
from kaiten_sync.server.db.groups import MemberGroup
from kaiten_sync.server.db.licenses import LicenseRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.events import (
    GRANT_ASSIGNED,
    GRANT_UNASSIGNED,
    GRANT_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.grants import settle_grant
from kaiten_sync.server.domain.refusals import conflict, not_found, unprocessable
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.entitlements import ENTITLEMENTS
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.licenses import LICENSES
from kaiten_sync.server.service.work import Work, new_id
from kaiten_sync.server.shapes.grants import grant_json
from kaiten_sync.server.shapes.scalars import number

_Query: TypeAlias = Callable[[Connection, str, str], ShownGrant | None]
"""Finds a grant by the id of its license and the slug of its entitlement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFields:
    """The fields of a grant in a request; None if the request leaves one out."""

    value: Mapping[str, Any]
    entitlement_slug: str | None = None
    overage_percent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPage:
    """A page of a license's grants, with the groups of the entitlements."""

    license: LicenseRow
    page: RowPage[ShownGrant]
    groups: dict[str, list[MemberGroup]]


def list_grants(work: Work, license_slug: str, position: Position | None, limit: int) -> GrantPage:
    """One page of a license's grants."""
    holder = LICENSES.get(work, license_slug, "GetLicenseEntitlements.LicenseNotFound")
    page = grants.list_grants(work.connection, holder.id, position, limit)
    found = groups.groups_of_grants(work.connection, page.rows)
    return GrantPage(license=holder, page=page, groups=found)


def get_grant(work: Work, license_slug: str, entitlement_slug: str) -> GrantPage:
    """One grant, as a page that holds only it."""
    holder, row = _find(work, license_slug, entitlement_slug, "GetLicenseEntitlement.NotFound")
    found = groups.groups_of(work.connection, [row.entitlement_id])
    return GrantPage(license=holder, page=RowPage(rows=[row], next=None), groups=found)


def add_grant(work: Work, license_slug: str, fields: GrantFields) -> None:
    """Attach an entitlement to a license."""
    operation = "AssociateEntitlementToLicense"
    holder = LICENSES.get(work, license_slug, f"{operation}.LicenseNotFound")
    slug = fields.entitlement_slug or ""
    missing = f"{operation}.EntitlementNotFound"
    entitlement = ENTITLEMENTS.get(work, slug, missing)
    overage = settle_grant(operation, entitlement.type, fields.value, fields.overage_percent)
    already = conflict(
        f"{operation}.AlreadyAssociated", f"license {license_slug!r} grants {slug!r} already"
    )
    broken = {
        constraints.GRANT: already,
        # Both were found above, and another transaction may have deleted one since.
        constraints.GRANT_ENTITLEMENT: ENTITLEMENTS.missing(slug, missing),
        constraints.GRANT_LICENSE: LICENSES.missing(license_slug, f"{operation}.LicenseNotFound"),
    }
    row = GrantRow(
        id=new_id(),
        license_id=holder.id,
        entitlement_id=entitlement.id,
        value=_stored_value(fields.value),
        overage_percent=overage,
        created_by=work.caller.account_id,
        created_at=work.now_ms,
        updated_by=work.caller.account_id,
        updated_at=work.now_ms,
    )
    with constraints.conflicts(work.connection, broken):
        grants.add_grant(work.connection, row)
    _tell(work, GRANT_ASSIGNED, holder, _held(work, holder, slug, f"{operation}.NotFound"))


def update_grant(work: Work, license_slug: str, entitlement_slug: str, fields: GrantFields) -> None:
    """Overwrite a grant. An overage percentage that is left out is reset, not kept."""
    operation = "UpdateLicenseEntitlement"
    missing = f"{operation}.NotFound"
    holder, stored = _find(work, license_slug, entitlement_slug, missing, grants.hold_grant)
    if fields.entitlement_slug not in (None, entitlement_slug):
        raise unprocessable(
            f"{operation}.EntitlementSlugMismatch",
            "entitlementSlug in the body and in the path are not the same",
        )
    # By the type that is stored: a client does not send it.
    overage = settle_grant(operation, stored.entitlement_type, fields.value, fields.overage_percent)
    grants.change_grant(
        work.connection,
        stored.id,
        value=_stored_value(fields.value),
        overage_percent=overage,
        updated_by=work.caller.account_id,
        updated_at=work.touched(stored.updated_at),
    )
    _tell(work, GRANT_UPDATED, holder, _held(work, holder, entitlement_slug, missing))


def remove_grant(work: Work, license_slug: str, entitlement_slug: str) -> None:
    """Detach an entitlement from a license."""
    code = "DeleteLicenseEntitlement.LicenseEntitlementNotFound"
    holder, stored = _find(work, license_slug, entitlement_slug, code, grants.hold_grant)
    grants.remove_grant(work.connection, stored.id)
    _tell(work, GRANT_UNASSIGNED, holder, stored)


def _stored_value(value: Mapping[str, Any]) -> dict[str, Any]:
    """A value that the rules allow, with its number in the shortest spelling."""
    return {**value, "value": number(value["value"])} if value["type"] == "number" else dict(value)


def _find(
    work: Work,
    license_slug: str,
    entitlement_slug: str,
    code: str,
    find: _Query = grants.find_grant,
) -> tuple[LicenseRow, ShownGrant]:
    holder = LICENSES.get(work, license_slug, code)
    return holder, _held(work, holder, entitlement_slug, code, find)


def _held(
    work: Work,
    holder: LicenseRow,
    entitlement_slug: str,
    code: str,
    find: _Query = grants.find_grant,
) -> ShownGrant:
    is_possible = is_slug(entitlement_slug)
    row = find(work.connection, holder.id, entitlement_slug) if is_possible else None
    if row is None:
        raise not_found(code, f"license {holder.slug!r} does not grant {entitlement_slug!r}")
    return row


def _tell(work: Work, kind: EventType, holder: LicenseRow, row: ShownGrant) -> None:
    found = groups.groups_of(work.connection, [row.entitlement_id])
    address = f"license/{holder.slug}/grant/{row.entitlement_slug}"
    emit(work, kind, grant_json(row, holder, found), address=address)
