"""Service accounts and their tokens, as those who manage them see them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    Select,
    bindparam,
    func,
    select,
    update,
)

from kaiten_sync.server.db.pages import Page, Position, newest_first, page_of, page_parameters
from kaiten_sync.server.db.tables import service_account, token

_creator = service_account.alias("creator")
_revoker = service_account.alias("revoker")

_MINE: Select[Any] = (
    select(service_account, _creator.c.name.label("created_by_name"))
    .outerjoin(_creator, _creator.c.id == service_account.c.created_by)
    .where(service_account.c.organisation_id == bindparam("organisation"))
)
_LIST = newest_first(_MINE, service_account)
_FIND = _MINE.where(service_account.c.slug == bindparam("slug"))

# A token that the server made for itself was made by nobody else than its account.
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
    )
    .outerjoin(_creator, _creator.c.id == _maker)
    .outerjoin(_revoker, _revoker.c.id == token.c.revoked_by)
)
_OF_ACCOUNT = _TOKENS.where(token.c.service_account_id == bindparam("account"))
_LIST_TOKENS = newest_first(_OF_ACCOUNT, token)
_FIND_TOKEN = _OF_ACCOUNT.where(token.c.slug == bindparam("slug"))

_place = func.row_number().over(
    partition_by=token.c.service_account_id, order_by=(token.c.created_at.desc(), token.c.id.desc())
)
_PLACES = (
    select(token.c.id.label("token_id"), _place.label("place"))
    .where(token.c.service_account_id.in_(bindparam("accounts", expanding=True)))
    .subquery("places")
)
_NEWEST_TOKENS = (
    _TOKENS.join(_PLACES, _PLACES.c.token_id == token.c.id)
    .where(_PLACES.c.place <= bindparam("top"))
    .order_by(token.c.created_at.desc(), token.c.id.desc())
)


def list_accounts(
    connection: Connection, organisation_id: str, position: Position | None, limit: int
) -> Page:
    """One page of service accounts, newest first."""
    parameters = {"organisation": organisation_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST, parameters).all(), limit)


def find_account(connection: Connection, organisation_id: str, slug: str) -> Row[Any] | None:
    """A service account by its slug."""
    return connection.execute(_FIND, {"organisation": organisation_id, "slug": slug}).first()


def change_account(connection: Connection, account_id: str, **values: object) -> None:
    """Overwrite columns of a service account."""
    mine = service_account.c.id == account_id
    connection.execute(update(service_account).where(mine).values(**values))


def newest_tokens(
    connection: Connection, account_ids: Collection[str], limit: int
) -> dict[str, list[Row[Any]]]:
    """At most this many tokens of each account, newest first, by account id."""
    found: dict[str, list[Row[Any]]] = {account_id: [] for account_id in account_ids}
    if found:
        parameters = {"accounts": list(found), "top": limit}
        for row in connection.execute(_NEWEST_TOKENS, parameters):
            found[row.service_account_id].append(row)
    return found


def list_tokens(
    connection: Connection, account_id: str, position: Position | None, limit: int
) -> Page:
    """One page of an account's tokens, newest first, revoked ones too."""
    parameters = {"account": account_id, **page_parameters(position, limit)}
    return page_of(connection.execute(_LIST_TOKENS, parameters).all(), limit)


def has_token(connection: Connection, account_id: str, slug: str) -> bool:
    """Whether an account has a token of this slug, live or revoked."""
    parameters = {"account": account_id, "slug": slug}
    return connection.execute(_FIND_TOKEN, parameters).first() is not None


def read_token(connection: Connection, account_id: str, slug: str) -> Row[Any]:
    """A token of an account that is there."""
    return connection.execute(_FIND_TOKEN, {"account": account_id, "slug": slug}).one()


def has_live_token(connection: Connection, account_id: str, name: str) -> bool:
    """Whether an account has a token of this name that is not revoked."""
    statement = select(token.c.id).where(
        token.c.service_account_id == account_id,
        token.c.name == name,
        token.c.revoked_at.is_(None),
    )
    return connection.execute(statement).first() is not None


def revoke_token(
    connection: Connection, account_id: str, slug: str, *, revoked_at: int, revoked_by: str
) -> bool:
    """Revoke a live token. False where there is none of this slug."""
    statement = (
        update(token)
        .where(token.c.service_account_id == account_id, token.c.slug == slug)
        .where(token.c.revoked_at.is_(None))
        .values(revoked_at=revoked_at, revoked_by=revoked_by)
    )
    return connection.execute(statement).rowcount == 1
