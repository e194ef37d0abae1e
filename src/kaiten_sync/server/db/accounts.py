"""Service accounts and their tokens, as those who manage them see them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, or_, select, update

from kaiten_sync.server.db.collation import ordered
from kaiten_sync.server.db.identity import AccountRow
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.db.rows import RowQuery, contains, update_row
from kaiten_sync.server.db.sorting import SortedPage, Sorts
from kaiten_sync.server.db.tables import service_account, token

_NEVER_MS = 2**62
"""After every time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAccount(AccountRow):
    """A service account, with the name of the account that created it."""

    created_by_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownToken:
    """A token without its hash, with the names of the accounts that created and revoked it."""

    id: str
    service_account_id: str
    slug: str
    name: str
    scopes: list[str]
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    created_by: str
    created_by_name: str | None
    revoked_by: str | None
    revoked_by_name: str | None
    last_used_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundToken:
    """A token of any account, and whose it is."""

    id: str
    slug: str
    name: str
    created_at: int
    account_slug: str
    account_name: str


_creator = service_account.alias("creator")
_revoker = service_account.alias("revoker")

_MINE: RowQuery[ShownAccount] = RowQuery(
    ShownAccount,
    select(service_account, _creator.c.name.label("created_by_name"))
    .outerjoin(_creator, _creator.c.id == service_account.c.created_by)
    .where(service_account.c.organization_id == bindparam("organization")),
)
_FIND = _MINE.where(service_account.c.slug == bindparam("slug"))

# A token that the server created for itself has no creator but its account.
_maker = func.coalesce(token.c.created_by, token.c.service_account_id)
_TOKENS: Select[Any] = (
    select(
        token.c.id,
        token.c.service_account_id,
        token.c.slug,
        token.c.name,
        token.c.scopes,
        token.c.created_at,
        token.c.expires_at,
        token.c.revoked_at,
        _maker.label("created_by"),
        _creator.c.name.label("created_by_name"),
        token.c.revoked_by,
        _revoker.c.name.label("revoked_by_name"),
        token.c.last_used_at,
    )
    .outerjoin(_creator, _creator.c.id == _maker)
    .outerjoin(_revoker, _revoker.c.id == token.c.revoked_by)
)
_OF_ACCOUNT = RowQuery(
    ShownToken, _TOKENS.where(token.c.service_account_id == bindparam("account"))
)
_ALL_TOKENS = RowQuery(
    FoundToken,
    select(
        token.c.id,
        token.c.slug,
        token.c.name,
        token.c.created_at,
        service_account.c.slug.label("account_slug"),
        service_account.c.name.label("account_name"),
    )
    .join(service_account, service_account.c.id == token.c.service_account_id)
    .where(service_account.c.organization_id == bindparam("organization")),
)
_FIND_TOKEN = _OF_ACCOUNT.where(token.c.slug == bindparam("slug"))

_place = func.row_number().over(
    partition_by=token.c.service_account_id, order_by=(token.c.created_at.desc(), token.c.id.desc())
)
_PLACES = (
    select(token.c.id.label("token_id"), _place.label("place"))
    .where(token.c.service_account_id.in_(bindparam("accounts", expanding=True)))
    .subquery("places")
)
_NEWEST_TOKENS = RowQuery(
    ShownToken,
    _TOKENS.join(_PLACES, _PLACES.c.token_id == token.c.id)
    .where(_PLACES.c.place <= bindparam("top"))
    .order_by(token.c.created_at.desc(), token.c.id.desc()),
)


ACCOUNT_SORTS: Sorts = {
    "name": service_account.c.folded,
    "slug": service_account.c.slug,
    "used": select(func.coalesce(func.max(token.c.last_used_at), 0))
    .where(token.c.service_account_id == service_account.c.id)
    .scalar_subquery(),
    "created": service_account.c.created_at,
}
TOKEN_SORTS: Sorts = {
    "name": token.c.folded,
    "created": token.c.created_at,
    "used": func.coalesce(token.c.last_used_at, 0),
    "ends": func.coalesce(token.c.expires_at, _NEVER_MS),
}
"""What the lists of accounts and of tokens can be sorted by."""


def list_accounts(
    connection: Connection,
    organization_id: str,
    position: Position | None,
    limit: int,
    sort: str = "",
    text: str = "",
) -> RowPage[ShownAccount]:
    """One page of service accounts, newest first or sorted.

    With a text those that contain it, or that have a token that does.
    """
    page = SortedPage(service_account, ACCOUNT_SORTS, sort, position, limit)
    rows = _MINE
    if text:
        holders = select(token.c.service_account_id).where(contains(token, text))
        rows = rows.where(or_(contains(service_account, text), service_account.c.id.in_(holders)))
    return page.read(connection, rows, organization=organization_id)


def find_tokens(
    connection: Connection, organization_id: str, text: str, limit: int
) -> RowPage[FoundToken]:
    """The newest tokens that contain a text, of all accounts, revoked ones included."""
    found = _ALL_TOKENS.where(contains(token, text)).newest_first(token)
    return found.page(connection, None, limit, organization=organization_id)


def find_account(connection: Connection, organization_id: str, slug: str) -> ShownAccount | None:
    """A service account by its slug."""
    return _FIND.first(connection, organization=organization_id, slug=slug)


def rename_account(connection: Connection, account_id: str, name: str) -> None:
    """Overwrite the name of a service account."""
    update_row(connection, service_account, account_id, {"name": name})


def newest_tokens(
    connection: Connection, account_ids: Collection[str], limit: int
) -> dict[str, list[ShownToken]]:
    """At most this many tokens of each account, newest first, by account id."""
    found: dict[str, list[ShownToken]] = {account_id: [] for account_id in account_ids}
    if found:
        for row in _NEWEST_TOKENS.all(connection, accounts=list(found), top=limit):
            found[row.service_account_id].append(row)
    return found


def list_tokens(
    connection: Connection,
    account_id: str,
    position: Position | None,
    limit: int,
    sort: str = "",
) -> RowPage[ShownToken]:
    """One page of an account's tokens, newest first or sorted, revoked ones included."""
    page = SortedPage(token, TOKEN_SORTS, sort, position, limit)
    return page.read(connection, _OF_ACCOUNT, account=account_id)


def has_token(connection: Connection, account_id: str, slug: str) -> bool:
    """Whether an account has a token of this slug, live or revoked."""
    return _FIND_TOKEN.first(connection, account=account_id, slug=slug) is not None


def read_token(connection: Connection, account_id: str, slug: str) -> ShownToken:
    """A token of an account that has one with this slug."""
    return _FIND_TOKEN.all(connection, account=account_id, slug=slug)[0]


def has_live_token(connection: Connection, account_id: str, name: str) -> bool:
    """Whether an account has a token of this name that is not revoked."""
    statement = select(token.c.id).where(
        token.c.service_account_id == account_id,
        token.c.name == name,
        token.c.revoked_at.is_(None),
    )
    return connection.execute(statement).first() is not None


def find_live_token(connection: Connection, account_id: str, slug: str) -> str | None:
    """The id of a token of an account that is not revoked, by its slug."""
    statement = select(token.c.id).where(
        token.c.service_account_id == account_id,
        token.c.slug == slug,
        token.c.revoked_at.is_(None),
    )
    found: str | None = connection.execute(statement).scalar_one_or_none()
    return found


def hold_live_token(connection: Connection, token_id: str, now_ms: int) -> bool:
    """Keep a token from being revoked until the transaction ends. False if it is not valid."""
    statement = (
        select(token.c.id)
        .where(token.c.id == token_id, token.c.revoked_at.is_(None))
        .where(or_(token.c.expires_at.is_(None), token.c.expires_at > now_ms))
        .with_for_update(read=True)
    )
    return connection.execute(statement).first() is not None


def revoke_with_descendants(
    connection: Connection, token_id: str, *, revoked_at: int, revoked_by: str
) -> None:
    """Revoke a token, the tokens that were created with it, those created with them, and so on.

    One statement for each generation: on PostgreSQL each sees the tokens that were created until
    their parents were locked by the one before it.
    """
    generation: Collection[str] = [token_id]
    values = {"revoked_at": revoked_at, "revoked_by": revoked_by}
    of_generation = token.c.id == token_id
    while generation:
        statement = (
            update(token)
            .where(of_generation, token.c.revoked_at.is_(None))
            .values(values)
            .returning(token.c.id)
        )
        generation = connection.execute(statement).scalars().all()
        of_generation = token.c.parent_id.in_(generation)


def live_descendants(connection: Connection, token_id: str) -> list[str]:
    """The names of the tokens that would be revoked together with this one, in their order."""
    tree = select(token.c.id).where(token.c.parent_id == token_id).cte("tree", recursive=True)
    tree = tree.union(select(token.c.id).join(tree, token.c.parent_id == tree.c.id))
    statement = (
        select(token.c.name)
        .where(token.c.id.in_(select(tree.c.id)), token.c.revoked_at.is_(None))
        .order_by(ordered(token.c.name), token.c.id)
    )
    return list(connection.execute(statement).scalars())
