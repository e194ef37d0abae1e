"""Entitlement groups and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypedDict, Unpack

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from kaiten_sync.server.db.collation import ordered
from kaiten_sync.server.db.grants import GrantRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import (
    RowQuery,
    TableRow,
    contains,
    delete_row,
    insert_row,
    update_row,
)
from kaiten_sync.server.db.sorting import SortedPage, Sorts
from kaiten_sync.server.db.tables import entitlement_group, grant, group_member


class GroupRow(TableRow, frozen=True):
    """An entitlement group."""

    id: str
    organization_id: str
    slug: str
    name: str
    description: str | None


class MemberGroup(TableRow, frozen=True):
    """A group that an entitlement is in."""

    entitlement_id: str
    id: str
    name: str
    slug: str


class GroupChange(TypedDict):
    """What an update overwrites."""

    name: str
    description: str | None


_LAST = Position(0, "z")
"""After every id in every collation, because an id consists of hexadecimal digits."""

_MINE = RowQuery(
    GroupRow,
    select(entitlement_group).where(
        entitlement_group.c.organization_id == bindparam("organization")
    ),
)
_FIND = _MINE.where(entitlement_group.c.slug == bindparam("slug"))
_HOLD = RowQuery(GroupRow, _FIND.statement.with_for_update(key_share=True))
_LIST = RowQuery(
    GroupRow,
    _MINE.statement.where(entitlement_group.c.id < bindparam("after_id"))
    .order_by(entitlement_group.c.id.desc())
    .limit(bindparam("top")),
)
_MEMBERSHIPS: RowQuery[MemberGroup] = RowQuery(
    MemberGroup,
    select(
        group_member.c.entitlement_id,
        entitlement_group.c.id,
        entitlement_group.c.name,
        entitlement_group.c.slug,
    )
    .join(entitlement_group, entitlement_group.c.id == group_member.c.group_id)
    .order_by(ordered(entitlement_group.c.slug)),
)
_OF_ENTITLEMENTS = _MEMBERSHIPS.where(
    group_member.c.entitlement_id.in_(bindparam("entitlements", expanding=True))
)
# Without a list of ids, which SQLAlchemy writes into the statement each time.
_OF_GRANTS = RowQuery(
    MemberGroup,
    _MEMBERSHIPS.statement.join(grant, grant.c.entitlement_id == group_member.c.entitlement_id)
    .where(grant.c.license_id == bindparam("license"))
    .where(grant.c.created_at.between(bindparam("oldest"), bindparam("newest"))),
)

GROUP_SORTS: Sorts = {
    "name": entitlement_group.c.folded,
    "slug": entitlement_group.c.slug,
    "description": func.coalesce(entitlement_group.c.description, ""),
}
"""What the list of groups can be sorted by."""


def list_groups(
    connection: Connection,
    organization_id: str,
    position: Position | None,
    limit: int,
    sort: str = "",
    text: str = "",
) -> RowPage[GroupRow]:
    """One page of groups, or of those that contain a text, sorted or by id.

    They have no time of creation.
    """
    start = position or (None if sort else _LAST)
    page = SortedPage(entitlement_group, GROUP_SORTS, sort, start, limit)
    rows, by_id = _MINE, _LIST
    if text:
        found = contains(entitlement_group, text)
        rows, by_id = rows.where(found), by_id.where(found)
    return page.read(connection, rows, by_id, organization=organization_id)


def find_group(connection: Connection, organization_id: str, slug: str) -> GroupRow | None:
    """A group by its slug."""
    return _FIND.first(connection, organization=organization_id, slug=slug)


def hold_group(connection: Connection, organization_id: str, slug: str) -> GroupRow | None:
    """The same, and nobody else changes it until the transaction ends."""
    return _HOLD.first(connection, organization=organization_id, slug=slug)


def add_group(connection: Connection, row: GroupRow) -> None:
    """Store a group."""
    insert_row(connection, entitlement_group, row)


def change_group(connection: Connection, group_id: str, **values: Unpack[GroupChange]) -> None:
    """Overwrite columns of a group."""
    update_row(connection, entitlement_group, group_id, values)


def remove_group(connection: Connection, group_id: str) -> None:
    """Delete a group and its memberships, not its members."""
    delete_row(connection, entitlement_group, group_id)


def groups_of(
    connection: Connection, entitlement_ids: Collection[str]
) -> dict[str, list[MemberGroup]]:
    """The groups of each entitlement that is in any, by entitlement id, sorted by slug."""
    if not entitlement_ids:
        return {}
    return _by_entitlement(_OF_ENTITLEMENTS.all(connection, entitlements=list(entitlement_ids)))


def groups_of_grants(
    connection: Connection, grants: Sequence[GrantRow]
) -> dict[str, list[MemberGroup]]:
    """The same for what these grants of one license, which are on one page, grant."""
    if not grants:
        return {}
    times = [row.created_at for row in grants]
    found = _OF_GRANTS.all(
        connection, license=grants[0].license_id, oldest=min(times), newest=max(times)
    )
    return _by_entitlement(found)


def group_ids(connection: Connection, organization_id: str, slugs: Sequence[str]) -> dict[str, str]:
    """Ids of those of these groups that exist, by slug."""
    if not slugs:
        return {}
    found = _MINE.where(entitlement_group.c.slug.in_(slugs))
    return {row.slug: row.id for row in found.all(connection, organization=organization_id)}


def is_member(connection: Connection, group_id: str, entitlement_id: str) -> bool:
    """Whether an entitlement is in a group."""
    statement = select(group_member.c.group_id).where(
        group_member.c.group_id == group_id, group_member.c.entitlement_id == entitlement_id
    )
    return connection.execute(statement).first() is not None


def add_members(connection: Connection, pairs: Iterable[tuple[str, str]]) -> None:
    """Put entitlements into groups; pairs of group id and entitlement id."""
    rows = [{"group_id": group, "entitlement_id": member} for group, member in pairs]
    if rows:
        connection.execute(insert(group_member), rows)


def remove_member(connection: Connection, group_id: str, entitlement_id: str) -> None:
    """Take an entitlement out of a group; nothing happens if it is not in it."""
    connection.execute(
        delete(group_member).where(
            group_member.c.group_id == group_id, group_member.c.entitlement_id == entitlement_id
        )
    )


def clear_groups_of(connection: Connection, entitlement_id: str) -> None:
    """Take an entitlement out of all groups."""
    connection.execute(delete(group_member).where(group_member.c.entitlement_id == entitlement_id))


def _by_entitlement(rows: Iterable[MemberGroup]) -> dict[str, list[MemberGroup]]:
    found: dict[str, list[MemberGroup]] = {}
    for row in rows:
        found.setdefault(row.entitlement_id, []).append(row)
    return found
