"""Use cases of finding things and who has them, for people: lists with a text and filters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.db import entitlements as entitlements_db
from kaiten_sync.server.db import groups, holders, search
from kaiten_sync.server.db import licenses as licenses_db
from kaiten_sync.server.db.customers import CustomerRow
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.grants import NamedGrant
from kaiten_sync.server.db.groups import MemberGroup
from kaiten_sync.server.db.holders import EntitledCustomer, GrantingLicense
from kaiten_sync.server.db.licenses import FamilyRow, LicenseRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.search import FoundInstance, Wanted
from kaiten_sync.server.domain.licenses import served_version
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.licenses import FamilyView

ENDING_DAYS = 30
"""A license that ends within so many days ends soon."""

SOON_MS = (ENDING_DAYS + 1) * DAY_MS
"""Milliseconds before its end in which a license ends soon: pages show whole days, so one that ends
in 30 days and some hours is shown as "in 30 days"."""


def find_entitlements(
    work: Work, wanted: Wanted, position: Position | None, limit: int
) -> RowPage[EntitlementRow]:
    """One page of entitlements that fit; the value `group` is the slug of one that they are in."""
    return search.search_entitlements(
        work.connection, work.organization_id, wanted, position, limit
    )


def groups_of(work: Work, entitlement_ids: Collection[str]) -> dict[str, list[MemberGroup]]:
    """The groups of each entitlement that is in any, by entitlement id."""
    return groups.groups_of(work.connection, entitlement_ids)


def find_families(
    work: Work, wanted: Wanted, position: Position | None, limit: int
) -> tuple[RowPage[FamilyRow], list[FamilyView], dict[str, int]]:
    """One page of families with a version that fits, and instances by the id of their version."""
    page = search.search_families(work.connection, work.organization_id, wanted, position, limit)
    versions = licenses_db.versions_of(work.connection, [row.id for row in page.rows])
    views = [
        FamilyView(family=row, current=served_version(versions[row.id]), versions=versions[row.id])
        for row in page.rows
    ]
    ids = [version.id for view in views for version in view.versions]
    return page, views, holders.count_by_license(work.connection, ids)


def find_versions(work: Work, wanted: Wanted, limit: int) -> RowPage[LicenseRow]:
    """The newest versions of licenses that fit."""
    return search.search_versions(work.connection, work.organization_id, wanted, limit)


def find_customers(
    work: Work, wanted: Wanted, position: Position | None, limit: int
) -> RowPage[CustomerRow]:
    """One page of customers that fit."""
    return search.search_customers(work.connection, work.organization_id, wanted, position, limit)


def find_instances(
    work: Work,
    wanted: Wanted,
    position: Position | None,
    limit: int,
    *,
    customer_id: str | None = None,
    license_id: str | None = None,
    ends: str = "",
) -> RowPage[FoundInstance]:
    """One page of instances that fit, of one customer or with one license where an id is given.

    `ends` is `soon`, `ended`, `running`, or empty.
    """
    ends_from, ends_before = end_bounds(work, ends)
    return search.search_instances(
        work.connection,
        work.organization_id,
        wanted,
        position,
        limit,
        customer_id=customer_id,
        license_id=license_id,
        ends_from=ends_from,
        ends_before=ends_before,
    )


def count_ending_soon(work: Work) -> int:
    """How many instances have a license that ends soon."""
    until_ms = work.now_ms + SOON_MS
    return search.count_ending(work.connection, work.organization_id, work.now_ms, until_ms)


def end_bounds(work: Work, ends: str) -> tuple[int | None, int | None]:
    """From when on, and before when, a license ends that lies so to the present."""
    match ends:
        case "soon":
            return work.now_ms, work.now_ms + SOON_MS
        case "ended":
            return None, work.now_ms
        case "running":
            return work.now_ms, None
        case _:
            return None, None


def licenses_granting(
    work: Work, entitlement_id: str, *, skipped: int, limit: int, sort: str = ""
) -> tuple[Sequence[GrantingLicense], bool]:
    """Licenses that grant an entitlement, and whether there are more."""
    rows = holders.licenses_granting(
        work.connection, entitlement_id, skipped=skipped, limit=limit + 1, sort=sort
    )
    return rows[:limit], len(rows) > limit


def customers_entitled(
    work: Work, entitlement_id: str, *, skipped: int, limit: int, sort: str = ""
) -> tuple[Sequence[EntitledCustomer], bool]:
    """Customers whose instances may use an entitlement, and whether there are more."""
    rows = holders.customers_entitled(
        work.connection,
        work.organization_id,
        entitlement_id,
        skipped=skipped,
        limit=limit + 1,
        sort=sort,
    )
    return rows[:limit], len(rows) > limit


def grants_of(work: Work, license_id: str) -> list[NamedGrant]:
    """All that a license grants, by entitlement slug."""
    return holders.grants_of(work.connection, [license_id])[license_id]


def with_grants(
    work: Work, licenses: Sequence[LicenseRow]
) -> list[tuple[LicenseRow, str, list[NamedGrant]]]:
    """Each license with the slug of its family and all that it grants."""
    granted = holders.grants_of(work.connection, [row.id for row in licenses])
    families = holders.family_slugs(work.connection, {row.family_id for row in licenses})
    return [(row, families[row.family_id], granted[row.id]) for row in licenses]


def family_slug_of(work: Work, row: LicenseRow) -> str:
    """The slug of the family that a license is a version of."""
    return holders.family_slugs(work.connection, [row.family_id])[row.family_id]


def count_instances(work: Work, license_id: str) -> int:
    """How many instances have a license."""
    return count_by_license(work, [license_id])[license_id]


def count_by_license(work: Work, license_ids: Collection[str]) -> dict[str, int]:
    """How many instances have each of these licenses, by license id."""
    return holders.count_by_license(work.connection, license_ids)


def count_by_customer(work: Work, customer_ids: Collection[str]) -> dict[str, int]:
    """How many instances each of these customers has, by customer id."""
    return holders.count_by_customer(work.connection, customer_ids)


def count_uses(work: Work, entitlement_id: str) -> tuple[int, int]:
    """How many licenses grant an entitlement, and how many instances have used it."""
    return (
        entitlements_db.count_grants(work.connection, entitlement_id),
        entitlements_db.count_counters(work.connection, entitlement_id),
    )


def count_all(work: Work) -> dict[str, int]:
    """How many entitlements, licenses, customers and instances there are."""
    return holders.count_all(work.connection, work.organization_id)


def is_anything_granted(work: Work) -> bool:
    """Whether any license grants anything."""
    return holders.has_grants(work.connection, work.organization_id)


def is_anything_reported(work: Work) -> bool:
    """Whether usage was ever reported, accepted or not."""
    return holders.has_reports(work.connection, work.organization_id)
