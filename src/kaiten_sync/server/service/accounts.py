"""Use cases of service accounts and their tokens. Source: API facts, section 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from kaiten_sync.server.db import accounts, constraints, identity
from kaiten_sync.server.db.accounts import FoundToken, ShownAccount, ShownToken
from kaiten_sync.server.db.identity import AccountRow, TokenRow
from kaiten_sync.server.db.locks import take_turn
from kaiten_sync.server.db.pages import Position, RowPage
from kaiten_sync.server.domain.accounts import check_name, settle_expiry, settle_scopes
from kaiten_sync.server.domain.refusals import conflict, not_found, unprocessable
from kaiten_sync.server.domain.slugs import is_slug, slug_candidates
from kaiten_sync.server.domain.tokens import lookup_hash, new_token
from kaiten_sync.server.service.slug_lookup import SlugLookup
from kaiten_sync.server.service.tenancy import invalid_token
from kaiten_sync.server.service.work import Work, first_free, new_id

MAX_TOKENS_SHOWN = 200
"""Tokens that a service account is shown with, the newest; their own list has all of them."""


ACCOUNTS = SlugLookup(noun="service account", query=accounts.find_account)


@dataclass(frozen=True, slots=True)
class AccountView:
    """A service account with its newest tokens."""

    account: ShownAccount
    tokens: Sequence[ShownToken]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFields:
    """The fields of a new token in a request. `expires_at` is in milliseconds since 1970."""

    name: str
    scopes: Sequence[str] | None
    slug: str | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made, and what it is: the only time that this can be read."""

    row: ShownToken
    plain: str


def list_accounts(
    work: Work, position: Position | None, limit: int, sort: str = "", text: str = ""
) -> tuple[RowPage[ShownAccount], list[AccountView]]:
    """One page of the organization's service accounts.

    With a text those that contain it, or that have a token that does.
    """
    page = accounts.list_accounts(
        work.connection, work.organization_id, position, limit, sort, text
    )
    ids = [row.id for row in page.rows]
    tokens = accounts.newest_tokens(work.connection, ids, MAX_TOKENS_SHOWN)
    return page, [AccountView(row, tokens[row.id]) for row in page.rows]


def get_account(work: Work, slug: str) -> AccountView:
    """One service account."""
    return _view(work, ACCOUNTS.get(work, slug, "GetServiceAccount.NotFound"))


def create_account(work: Work, name: str, slug: str | None) -> AccountView:
    """Store a new service account, without a token."""
    operation = "CreateServiceAccount"
    taken = conflict(f"{operation}.SlugConflict", "another service account has this slug")
    free = ACCOUNTS.free_slug(work, name, slug, taken)
    with constraints.conflicts(work.connection, {constraints.ACCOUNT_SLUG: taken}):
        row = AccountRow(
            id=new_id(),
            organization_id=work.organization_id,
            slug=free,
            name=name,
            created_at=work.now_ms,
            created_by=work.caller.account_id,
        )
        identity.add_account(work.connection, row)
    return _view(work, ACCOUNTS.get(work, free, f"{operation}.NotFound"))


def update_account(work: Work, slug: str, name: str, new_slug: str | None) -> None:
    """Rename a service account."""
    operation = "UpdateServiceAccount"
    stored = ACCOUNTS.get(work, slug, f"{operation}.NotFound")
    if new_slug not in (None, stored.slug):
        raise unprocessable(f"{operation}.SlugNotRenameable", "a slug never changes")
    accounts.rename_account(work.connection, stored.id, name)


def find_tokens(work: Work, text: str, limit: int) -> RowPage[FoundToken]:
    """The newest tokens of the organization that contain a text."""
    return accounts.find_tokens(work.connection, work.organization_id, text, limit)


def list_tokens(
    work: Work, slug: str, position: Position | None, limit: int, sort: str = ""
) -> RowPage[ShownToken]:
    """One page of an account's tokens, revoked ones too."""
    account = ACCOUNTS.get(work, slug, "GetServiceAccountTokens.ServiceAccountNotFound")
    return accounts.list_tokens(work.connection, account.id, position, limit, sort)


def create_token(work: Work, account_slug: str, fields: TokenFields) -> NewToken:
    """Store a new token that may do no more, and for no longer, than the one that asks for it."""
    operation = "CreateToken"
    account = ACCOUNTS.get(work, account_slug, f"{operation}.ServiceAccountNotFound")
    check_name(fields.name)
    scopes = settle_scopes(fields.scopes, work.caller.scopes)
    expires_at = settle_expiry(fields.expires_at, work.caller.expires_at, work.now_ms)
    parent_id = work.caller.token_id
    # Until the end of this transaction the parent cannot be revoked without its new child.
    if parent_id and not accounts.hold_live_token(work.connection, parent_id, work.now_ms):
        raise invalid_token()
    slug_taken = conflict(f"{operation}.SlugConflict", "another token has this slug")
    name_taken = conflict(f"{operation}.NameConflict", "a token that is not revoked has this name")
    # Two tokens that are made at once must not choose the same free slug.
    take_turn(work.connection, account.id, "token-slug")
    if accounts.has_live_token(work.connection, account.id, fields.name):
        raise name_taken
    is_taken = partial(accounts.has_token, work.connection, account.id)
    wanted = [fields.slug] if fields.slug else slug_candidates(fields.name, work.random_hex)
    slug = first_free(wanted, is_taken, slug_taken)
    # Only its hash is stored: this answer is the only place that ever has it.
    plain = new_token()
    row = TokenRow(
        id=new_id(),
        service_account_id=account.id,
        slug=slug,
        name=fields.name,
        lookup_hash=lookup_hash(plain),
        scopes=scopes,
        created_at=work.now_ms,
        created_by=work.caller.account_id,
        expires_at=expires_at,
        parent_id=parent_id,
    )
    broken = {constraints.TOKEN_SLUG: slug_taken, constraints.TOKEN_NAME: name_taken}
    with constraints.conflicts(work.connection, broken):
        identity.add_token(work.connection, row)
    return NewToken(accounts.read_token(work.connection, account.id, slug), plain)


def revoke_token(work: Work, account_slug: str, slug: str) -> None:
    """Revoke a token and all that were created with it: from the next request on, they fail."""
    operation = "DeleteToken"
    account = ACCOUNTS.get(work, account_slug, f"{operation}.ServiceAccountNotFound")
    found = is_slug(slug) and accounts.find_live_token(work.connection, account.id, slug)
    if not found:
        raise not_found(f"{operation}.NotFound", f"there is no live token {slug!r}")
    accounts.revoke_with_descendants(
        work.connection, found, revoked_at=work.now_ms, revoked_by=work.caller.account_id
    )


def descendants_of(work: Work, token: ShownToken) -> list[str]:
    """The names of the live tokens that are revoked together with this one."""
    return accounts.live_descendants(work.connection, token.id)


def _view(work: Work, account: ShownAccount) -> AccountView:
    tokens = accounts.newest_tokens(work.connection, [account.id], MAX_TOKENS_SHOWN)
    return AccountView(account, tokens[account.id])
