"""Entitlement groups and who is in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, update

from kaiten_sync.server.db.pages import Page, Position, page_of
from kaiten_sync.server.db.tables import entitlement_group, group_member

_LAST_ID = "z"
"""Sorts after every id in every collation: an id is made of hexadecimal digits."""

_LIST = (
    select(entitlement_group)
    .where(
        entitlement_group.c.organisation_id == bindparam("organisation"),
        entitlement_group.c.id < bindparam("after_id"),
    )
    .order_by(entitlement_group.c.id.desc())
    .limit(bindparam("top"))
)
_FIND = select(entitlement_group).where(
    entitlement_group.c.organisation_id == bindparam("organisation"),
    entitlement_group.c.slug == bindparam("slug"),
)
_OF_ENTITLEMENTS: Select[Any] = (
    select(
        group_member.c.entitlement_id,
        entitlement_group.c.id,
        entitlement_group.c.name,
        entitlement_group.c.slug,
    )
    .join(entitlement_group, entitlement_group.c.id == group_member.c.group_id)
    .where(group_member.c.entitlement_id.in_(bindparam("entitlements", expanding=True)))
    .order_by(entitlement_group.c.slug)
)


def list_groups(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of groups, by id: they have no time of creation."""
    after = position.id if position else _LAST_ID
    found = connection.execute(
        _LIST, {"organisation": organisation_id, "after_id": after, "top": limit + 1}
    )
    return page_of(found.all(), limit)


def find_group(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """A group by its slug."""
    return connection.execute(_FIND, {"organisation": organisation_id, "slug": slug}).first()


def add_group(connection: Connection, **values: object) -> None:
    """Store a group."""
    connection.execute(insert(entitlement_group).values(**values))


def change_group(connection: Connection, group_id: str, **values: object) -> None:
    """Overwrite columns of a group."""
    connection.execute(
        update(entitlement_group).where(entitlement_group.c.id == group_id).values(**values)
    )


def remove_group(connection: Connection, group_id: str) -> None:
    """Delete a group and its memberships, not its members."""
    connection.execute(delete(entitlement_group).where(entitlement_group.c.id == group_id))


def groups_of(
    connection: Connection, entitlement_ids: Collection[str]
) -> dict[str, list[Row[Any]]]:
    """The groups of each entitlement that is in any, by entitlement id, sorted by slug."""
    found: dict[str, list[Row[Any]]] = {}
    if entitlement_ids:
        for row in connection.execute(_OF_ENTITLEMENTS, {"entitlements": list(entitlement_ids)}):
            found.setdefault(row.entitlement_id, []).append(row)
    return found


def group_ids(connection: Connection, organisation_id: str, slugs: Sequence[str]) -> dict[str, str]:
    """Ids of those of these groups that exist, by slug."""
    if not slugs:
        return {}
    statement = select(entitlement_group.c.slug, entitlement_group.c.id).where(
        entitlement_group.c.organisation_id == organisation_id,
        entitlement_group.c.slug.in_(slugs),
    )
    return {row.slug: row.id for row in connection.execute(statement)}


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
    """Take an entitlement out of a group; nothing happens where it was not in it."""
    connection.execute(
        delete(group_member).where(
            group_member.c.group_id == group_id, group_member.c.entitlement_id == entitlement_id
        )
    )


def clear_groups_of(connection: Connection, entitlement_id: str) -> None:
    """Take an entitlement out of all groups."""
    connection.execute(delete(group_member).where(group_member.c.entitlement_id == entitlement_id))
