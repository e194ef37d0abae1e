"""Use cases of entitlement groups. Source: API facts, section 2.3."""

from __future__ import annotations

from dataclasses import dataclass

from kaiten_sync.server.db import constraints, groups
from kaiten_sync.server.db.entitlements import EntitlementRow
from kaiten_sync.server.db.groups import GroupRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.events import (
    ENTITLEMENT_UPDATED,
    GROUP_CREATED,
    GROUP_DELETED,
    GROUP_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.refusals import conflict, unprocessable
from kaiten_sync.server.service.entitlements import (
    ENTITLEMENTS,
    HELD_ENTITLEMENTS,
    tell_entitlement,
)
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.work import Work, new_id
from kaiten_sync.server.shapes.groups import group_json

GROUPS = SlugLookup(noun="entitlement group", query=groups.find_group)
_HELD = SlugLookup(noun="entitlement group", query=groups.hold_group)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFields:
    """The fields of a group in a request; None if the request leaves one out."""

    name: str
    description: str | None = None
    slug: str | None = None


def list_groups(
    work: Work, position: Position | None, limit: int, sort: str = "", text: str = ""
) -> RowPage[GroupRow]:
    """One page of the organization's groups, or of those that contain a text."""
    return groups.list_groups(work.connection, work.organization_id, position, limit, sort, text)


def get_group(work: Work, slug: str) -> GroupRow:
    """One group."""
    return GROUPS.get(work, slug, "GetEntitlementGroup.NotFound")


def create_group(work: Work, fields: GroupFields) -> GroupRow:
    """Store a new group."""
    taken = conflict("CreateEntitlementGroup.SlugConflict", "another group has this slug")
    slug = GROUPS.free_slug(work, fields.name, fields.slug, taken)
    row = GroupRow(
        id=new_id(),
        organization_id=work.organization_id,
        slug=slug,
        name=fields.name,
        description=fields.description,
    )
    with constraints.conflicts(work.connection, {constraints.GROUP_SLUG: taken}):
        groups.add_group(work.connection, row)
    return _tell(work, GROUP_CREATED, GROUPS.get(work, slug, "CreateEntitlementGroup.NotFound"))


def update_group(work: Work, slug: str, fields: GroupFields) -> None:
    """Overwrite a group's name and description."""
    group = _HELD.get(work, slug, "UpdateEntitlementGroup.NotFound")
    if fields.slug not in (None, group.slug):
        raise unprocessable("UpdateEntitlementGroup.SlugNotRenameable", "a slug never changes")
    groups.change_group(work.connection, group.id, name=fields.name, description=fields.description)
    _tell(work, GROUP_UPDATED, GROUPS.get(work, slug, "UpdateEntitlementGroup.NotFound"))


def delete_group(work: Work, slug: str) -> None:
    """Delete a group; its members stay."""
    group = _HELD.get(work, slug, "DeleteEntitlementGroup.NotFound")
    groups.remove_group(work.connection, group.id)
    _tell(work, GROUP_DELETED, group)


def add_to_group(work: Work, slug: str, entitlement_slug: str) -> None:
    """Put an entitlement into a group."""
    operation = "AddEntitlementToGroup"
    group, member = _pair(work, slug, entitlement_slug, operation)
    already = conflict(
        f"{operation}.AlreadyMember",
        f"entitlement {entitlement_slug!r} is in group {slug!r} already",
    )
    if groups.is_member(work.connection, group.id, member.id):
        raise already
    broken = {
        constraints.MEMBERSHIP: already,
        constraints.MEMBERSHIP_GROUP: GROUPS.missing(slug, f"{operation}.GroupNotFound"),
        constraints.MEMBERSHIP_ENTITLEMENT: ENTITLEMENTS.missing(
            entitlement_slug, f"{operation}.EntitlementNotFound"
        ),
    }
    with constraints.conflicts(work.connection, broken):
        groups.add_members(work.connection, [(group.id, member.id)])
    tell_entitlement(work, ENTITLEMENT_UPDATED, entitlement_slug)


def remove_from_group(work: Work, slug: str, entitlement_slug: str) -> None:
    """Take an entitlement out of a group; nothing happens if it is not in it."""
    group, member = _pair(work, slug, entitlement_slug, "RemoveEntitlementFromGroup")
    if groups.is_member(work.connection, group.id, member.id):
        groups.remove_member(work.connection, group.id, member.id)
        tell_entitlement(work, ENTITLEMENT_UPDATED, entitlement_slug)


def _tell(work: Work, kind: EventType, row: GroupRow) -> GroupRow:
    emit(work, kind, group_json(row), address=f"group/{row.slug}")
    return row


def _pair(
    work: Work, slug: str, entitlement_slug: str, operation: str
) -> tuple[GroupRow, EntitlementRow]:
    group = GROUPS.get(work, slug, f"{operation}.GroupNotFound")
    missing = f"{operation}.EntitlementNotFound"
    # Its event shows all of its groups, so others join or leave one before or after this.
    return group, HELD_ENTITLEMENTS.get(work, entitlement_slug, missing)
