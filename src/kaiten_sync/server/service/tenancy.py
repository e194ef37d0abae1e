"""Organizations and the tokens that open them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from kaiten_sync.server.db import identity
from kaiten_sync.server.db.identity import AccountRow, OrganizationRow, TokenRow
from kaiten_sync.server.domain.refusals import RefusalError, RefusalKind
from kaiten_sync.server.domain.scopes import ALL_SCOPES, allows
from kaiten_sync.server.domain.tokens import lookup_hash, new_token, token_problem
from kaiten_sync.server.service.work import Caller, Work, new_id
from kaiten_sync.server.settings import ServerStartError

_ORGANIZATION = "Default"
_ACCOUNT = "bootstrap"


def bootstrap(
    connection: Connection, chosen: str | None, now_ms: int, *, makes_token: bool = False
) -> str | None:
    """Make sure that there is an organization and that the chosen token opens it.

    `makes_token` makes another token if the organization is there already.

    Returns the token that was made, if one was: this is the only time that it can be read.

    Raises:
        ServerStartError: the chosen token is malformed, or was revoked.
    """
    if chosen is not None:
        check_chosen_token(chosen)
        stored = identity.find_token(connection, lookup_hash(chosen))
        # A restart with the old configuration must not bring back what somebody revoked.
        if stored is not None and stored.revoked_at is not None:
            raise ServerStartError(
                "the bootstrap token was revoked and cannot come back", hint="choose another one"
            )
    account = identity.first_account(connection)
    if account is None:
        token = chosen or new_token()
        create_organization(connection, _ORGANIZATION, token, now_ms)
        return None if chosen else token
    if chosen is not None and identity.find_token(connection, lookup_hash(chosen)) is None:
        _add_token(connection, account.id, chosen, now_ms, ALL_SCOPES)
    if not makes_token:
        return None
    token = new_token()
    _add_token(connection, account.id, token, now_ms, ALL_SCOPES)
    return token


def check_chosen_token(token: str) -> None:
    """Refuse a bootstrap token that has not the shape of one.

    Raises:
        ServerStartError: it has not. The message does not repeat it.
    """
    problem = token_problem(token)
    if problem is not None:
        raise ServerStartError(
            f"the bootstrap token cannot be used: {problem}",
            hint="choose another one, or leave it out: then a token is made and shown once",
        )


def create_organization(
    connection: Connection,
    name: str,
    token: str,
    now_ms: int,
    scopes: Sequence[str] = ALL_SCOPES,
) -> str:
    """Create an empty organization with a service account and its token. Returns its id."""
    organization_id, account_id = new_id(), new_id()
    identity.add_organization(
        connection, OrganizationRow(id=organization_id, name=name, created_at=now_ms)
    )
    account = AccountRow(
        id=account_id,
        organization_id=organization_id,
        slug=_ACCOUNT,
        name=_ACCOUNT,
        created_at=now_ms,
    )
    identity.add_account(connection, account)
    _add_token(connection, account_id, token, now_ms, scopes)
    return organization_id


def authenticate(
    connection: Connection, authorization: str | None, needed_scope: str, now_ms: int
) -> Caller:
    """Who sends this `Authorization` header, if the token has the scope.

    Raises:
        RefusalError: nobody, or not allowed.
    """
    row = identity.find_bearer(connection, lookup_hash(bearer_token(authorization)), now_ms)
    if row is None:
        raise invalid_token()
    scopes = frozenset(row.scopes)
    # After the token itself: a stranger must not learn which scopes there are.
    if not allows(scopes, needed_scope):
        raise RefusalError(
            RefusalKind.FORBIDDEN, "Auth.MissingScope", f"this needs the scope {needed_scope}"
        )
    return Caller(
        account_id=row.id,
        account_name=row.name,
        organization_id=row.organization_id,
        scopes=scopes,
        token_id=row.token_id,
        expires_at=row.expires_at,
    )


def is_first_organization(work: Work) -> bool:
    """Whether this is the organization that the server made for itself when it first started."""
    first = identity.first_account(work.connection)
    return first is not None and first.organization_id == work.organization_id


def bearer_token(authorization: str | None) -> str:
    """The token in an `Authorization` header.

    Raises:
        RefusalError: there is none.
    """
    if not authorization:
        raise _unauthorized("MissingAuthorizationHeader", "there is no Authorization header")
    # The scheme may be in upper or lower case. Source: RFC 9110, section 11.1.
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized("UnknownAuthorizationHeader", "Authorization must be: Bearer <token>")
    return token.strip()


def invalid_token() -> RefusalError:
    """The refusal of a token that opens nothing."""
    return _unauthorized("InvalidToken", "the token is unknown, expired or revoked")


def _unauthorized(code: str, detail: str) -> RefusalError:
    return RefusalError(RefusalKind.UNAUTHORIZED, f"Auth.{code}", detail)


def _add_token(
    connection: Connection,
    account_id: str,
    token: str,
    now_ms: int,
    scopes: Sequence[str] = ALL_SCOPES,
) -> None:
    token_id = new_id()
    name = f"{_ACCOUNT}-{token_id[:8]}"
    row = TokenRow(
        id=token_id,
        service_account_id=account_id,
        slug=name,
        name=name,
        lookup_hash=lookup_hash(token),
        scopes=list(scopes),
        created_at=now_ms,
    )
    identity.add_token(connection, row)
