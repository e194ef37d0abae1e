"""Use cases of entitlement groups. Source: API facts, section 2.3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from kaiten_sync.server.db import constraints, entitlements, groups
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.pages import Page, Position
from kaiten_sync.server.domain.events import (
    ENTITLEMENT_UPDATED,
    GROUP_CREATED,
    GROUP_DELETED,
    GROUP_UPDATED,
    EventType,
)
from kaiten_sync.server.domain.refusals import RefusalError, conflict, not_found, unprocessable
from kaiten_sync.server.domain.slugs import is_slug, slug_candidates
from kaiten_sync.server.service.entitlements import tell_entitlement
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.work import Work, first_free, new_id
from kaiten_sync.server.shapes.groups import group_json


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFields:
    """What a request says about a group. None: it says nothing."""

    name: str
    description: str | None = None
    slug: str | None = None


def list_groups(work: Work, position: Position | None, limit: int) -> Page:
    """One page of the organisation's groups."""
    return groups.list_groups(work.connection, work.organisation_id, position, limit)


def get_group(work: Work, slug: str) -> Row[Any]:
    """One group."""
    return _find(work, slug, "GetEntitlementGroup")


def create_group(work: Work, fields: GroupFields) -> Row[Any]:
    """Store a new group."""
    taken = conflict("CreateEntitlementGroup.SlugConflict", "another group has this slug")
    wanted = [fields.slug] if fields.slug else slug_candidates(fields.name, work.random_hex)
    take_turn(work.connection, work.organisation_id, "group-slug")
    slug = first_free(wanted, lambda slug: _stored(work, slug) is not None, taken)
    with constraints.conflicts(work.connection, {constraints.GROUP_SLUG: taken}):
        groups.add_group(
            work.connection,
            id=new_id(),
            organisation_id=work.organisation_id,
            slug=slug,
            name=fields.name,
            description=fields.description,
        )
    return _tell(work, GROUP_CREATED, _find(work, slug, "CreateEntitlementGroup"))


def update_group(work: Work, slug: str, fields: GroupFields) -> None:
    """Overwrite a group's name and description."""
    group = _find(work, slug, "UpdateEntitlementGroup")
    if fields.slug not in (None, group.slug):
        raise unprocessable("UpdateEntitlementGroup.SlugNotRenameable", "a slug never changes")
    groups.change_group(work.connection, group.id, name=fields.name, description=fields.description)
    _tell(work, GROUP_UPDATED, _find(work, slug, "UpdateEntitlementGroup"))


def delete_group(work: Work, slug: str) -> None:
    """Delete a group; its members stay."""
    group = _find(work, slug, "DeleteEntitlementGroup")
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
        constraints.MEMBERSHIP_GROUP: _no_group(slug, operation),
        constraints.MEMBERSHIP_ENTITLEMENT: _no_entitlement(entitlement_slug, operation),
    }
    with constraints.conflicts(work.connection, broken):
        groups.add_members(work.connection, [(group.id, member.id)])
    tell_entitlement(work, ENTITLEMENT_UPDATED, entitlement_slug)


def remove_from_group(work: Work, slug: str, entitlement_slug: str) -> None:
    """Take an entitlement out of a group; also fine where it was not in it."""
    group, member = _pair(work, slug, entitlement_slug, "RemoveEntitlementFromGroup")
    if groups.is_member(work.connection, group.id, member.id):
        groups.remove_member(work.connection, group.id, member.id)
        tell_entitlement(work, ENTITLEMENT_UPDATED, entitlement_slug)


def _tell(work: Work, kind: EventType, row: Row[Any]) -> Row[Any]:
    emit(work, kind, group_json(row))
    return row


def _pair(
    work: Work, slug: str, entitlement_slug: str, operation: str
) -> tuple[Row[Any], Row[Any]]:
    group = _stored(work, slug)
    if group is None:
        raise _no_group(slug, operation)
    member = (
        entitlements.find_entitlement(work.connection, work.organisation_id, entitlement_slug)
        if is_slug(entitlement_slug)
        else None
    )
    if member is None:
        raise _no_entitlement(entitlement_slug, operation)
    return group, member


def _no_group(slug: str, operation: str) -> RefusalError:
    return not_found(f"{operation}.GroupNotFound", f"there is no entitlement group {slug!r}")


def _no_entitlement(slug: str, operation: str) -> RefusalError:
    return not_found(f"{operation}.EntitlementNotFound", f"there is no entitlement {slug!r}")


def _find(work: Work, slug: str, operation: str) -> Row[Any]:
    group = _stored(work, slug)
    if group is None:
        raise not_found(f"{operation}.NotFound", f"there is no entitlement group {slug!r}")
    return group


def _stored(work: Work, slug: str) -> Row[Any] | None:
    if not is_slug(slug):
        return None
    return groups.find_group(work.connection, work.organisation_id, slug)
