"""Use cases of entitlements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kaiten_sync.server.db import constraints, entitlements, groups
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.groups import MemberGroup
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.entitlements import EntitlementFields, settle_change, settle_new
from kaiten_sync.server.domain.events import (
    ENTITLEMENT_CREATED,
    ENTITLEMENT_DELETED,
    ENTITLEMENT_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.refusals import Problem, RefusalError, conflict, not_found
from kaiten_sync.server.domain.slugs import is_slug
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.work import Work, new_id
from kaiten_sync.server.shapes.entitlements import entitlement_json

WithGroups = tuple[EntitlementRow, list[MemberGroup]]
"""An entitlement and its groups."""

ENTITLEMENTS = SlugLookup(noun="entitlement", query=entitlements.find_entitlement)
HELD_ENTITLEMENTS = SlugLookup(noun="entitlement", query=entitlements.hold_entitlement)
"""For who changes one: as it is once nobody else does."""


@dataclass(frozen=True, slots=True)
class EntitlementPage:
    """A page of entitlements with the groups of each."""

    page: RowPage[EntitlementRow]
    groups: dict[str, list[MemberGroup]]


def list_entitlements(work: Work, position: Position | None, limit: int) -> EntitlementPage:
    """One page of the organization's entitlements."""
    page = entitlements.list_entitlements(work.connection, work.organization_id, position, limit)
    return EntitlementPage(page, groups.groups_of(work.connection, [row.id for row in page.rows]))


def get_entitlement(work: Work, slug: str, operation: str = "GetEntitlement") -> WithGroups:
    """One entitlement and its groups."""
    found = ENTITLEMENTS.get(work, slug, f"{operation}.NotFound")
    return found, groups.groups_of(work.connection, [found.id]).get(found.id, [])


def create_entitlement(work: Work, fields: EntitlementFields) -> WithGroups:
    """Store a new entitlement and put it into its groups."""
    settled = settle_new(fields)
    taken = conflict("CreateEntitlement.SlugConflict", "another entitlement has this slug")
    slug = ENTITLEMENTS.free_slug(work, fields.name, fields.slug, taken)
    entitlement_id = new_id()
    row = EntitlementRow(
        id=entitlement_id,
        organization_id=work.organization_id,
        slug=slug,
        created_at=work.now_ms,
        updated_at=work.now_ms,
        **settled,
    )
    with constraints.conflicts(work.connection, {constraints.ENTITLEMENT_SLUG: taken}):
        entitlements.add_entitlement(work.connection, row)
    if fields.group_slugs is not None:
        _set_groups(work, entitlement_id, fields.group_slugs, "CreateEntitlement")
    return tell_entitlement(work, ENTITLEMENT_CREATED, slug)


def update_entitlement(work: Work, slug: str, fields: EntitlementFields) -> None:
    """Overwrite an entitlement; its groups only where the request names some, or none."""
    stored = HELD_ENTITLEMENTS.get(work, slug, "UpdateEntitlement.NotFound")
    settled = settle_change(stored, fields)
    entitlements.change_entitlement(
        work.connection,
        stored.id,
        updated_at=work.touched(stored.updated_at),
        **settled,
    )
    if fields.group_slugs is not None:
        # All of them again: an update names the groups that the entitlement is in afterwards, and
        # `[]` none.
        groups.clear_groups_of(work.connection, stored.id)
        _set_groups(work, stored.id, fields.group_slugs, "UpdateEntitlement")
    tell_entitlement(work, ENTITLEMENT_UPDATED, slug)


def delete_entitlement(work: Work, slug: str) -> None:
    """Delete an entitlement that no license grants and no instance has used."""
    stored = HELD_ENTITLEMENTS.get(work, slug, "DeleteEntitlement.NotFound")
    grants = entitlements.count_grants(work.connection, stored.id)
    counters = entitlements.count_counters(work.connection, stored.id)
    # Asked for the message alone, which counts them. The keys below decide.
    if grants or counters:
        raise _in_use(slug, grants=grants, counters=counters)
    # Before it is deleted, while its groups can still be read.
    tell_entitlement(work, ENTITLEMENT_DELETED, slug)
    # A grant or a report that another transaction makes right now is the first one.
    broken = {
        constraints.GRANT_ENTITLEMENT: _in_use(slug, grants=1),
        constraints.USAGE_ENTITLEMENT: _in_use(slug, counters=1),
    }
    with constraints.conflicts(work.connection, broken):
        entitlements.remove_entitlement(work.connection, stored.id)


def tell_entitlement(work: Work, kind: EventType, slug: str) -> WithGroups:
    """Emit an event of an entitlement and its groups as they are now, and return them."""
    found = get_entitlement(work, slug)
    emit(work, kind, entitlement_json(*found), address=f"entitlement/{found[0].slug}")
    return found


def _in_use(slug: str, *, grants: int = 0, counters: int = 0) -> RefusalError:
    holders = {"licenseGrants": grants, "usageCounters": counters, "licensePrices": 0}
    return conflict(
        "DeleteEntitlement.InUseConflict",
        f"entitlement {slug!r} is in use: licenses that grant it: {grants}, instances that used it:"
        f" {counters}",
        [Problem("the entitlement is in use", "path.entitlementSlug", holders)],
    )


def _set_groups(work: Work, entitlement_id: str, slugs: Sequence[str], operation: str) -> None:
    # Sorted: the same request is refused for the same group each time.
    named = sorted({slug.strip() for slug in slugs} - {""})
    ids = groups.group_ids(work.connection, work.organization_id, [s for s in named if is_slug(s)])
    for slug in named:
        if slug not in ids:
            raise _no_group(f"there is no entitlement group {slug!r}", operation)
    # The database does not say which of them was deleted just now.
    gone = _no_group("one of the entitlement groups was deleted just now", operation)
    with constraints.conflicts(work.connection, {constraints.MEMBERSHIP_GROUP: gone}):
        groups.add_members(work.connection, [(ids[slug], entitlement_id) for slug in named])


def _no_group(detail: str, operation: str) -> RefusalError:
    return not_found(f"{operation}.GroupNotFound", detail)
