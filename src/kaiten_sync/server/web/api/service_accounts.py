"""Service accounts and their tokens over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaiten_sync.server.service import accounts
from kaiten_sync.server.service.accounts import AccountView, TokenFields
from kaiten_sync.server.service.work import Work
from kaiten_sync.server.shapes.accounts import account_json, token_json
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.operations import Call, Operation
from kaiten_sync.server.web.paging import PAGING, page_body, page_schema, position_of
from kaiten_sync.server.web.schemas import (
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READ_ONLY_USER,
    SLUG,
    record,
    ref,
)

_TEXT: Schema = {"type": "string"}

_ACCOUNT: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {"type": "string", "minLength": 1, "examples": ["CI"]},
    "slug": SLUG,
    "externalId": {**_TEXT, "readOnly": True},
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "tokens": {
        "type": ["array", "null"],
        "items": ref("Token"),
        "readOnly": True,
        "description": f"The newest {accounts.MAX_TOKENS_SHOWN}, without what they are",
    },
}
_TOKEN: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**_TEXT, "description": "Unique among the account's tokens that are not revoked"},
    "slug": {**SLUG, "description": "URL-friendly identifier, unique per service account."},
    "scopes": {
        "type": ["array", "null"],
        "items": _TEXT,
        "description": "What it may do, and no more than the token that asks for it",
        "examples": [["write:entitlements", "write:licenses"]],
    },
    "serviceAccountId": {**_TEXT, "readOnly": True},
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "expiresAt": {
        "type": "string",
        "format": "date-time",
        "description": "From then on it opens nothing. Left out: never.",
    },
    "revokedBy": READ_ONLY_USER,
    "revokedAt": READ_ONLY_TIME,
}
_SECRET: Schema = {**_TEXT, "readOnly": True, "description": "The token itself, this once."}
_TOKEN_NEEDED = ("name", "scopes", "createdAt", "createdBy")

SCHEMAS: Mapping[str, Schema] = {
    "ServiceAccount": record(_ACCOUNT, ("name", "tokens")),
    "WriteServiceAccount": record(_ACCOUNT, ("name",)),
    "PageServiceAccount": page_schema("ServiceAccount"),
    "Token": record(_TOKEN, _TOKEN_NEEDED),
    "PlainToken": record({**_TOKEN, "token": _SECRET}, _TOKEN_NEEDED),
    "WriteToken": record({**_TOKEN, "token": _SECRET}, ("name", "scopes")),
    "PageToken": page_schema("Token"),
}


def _shown(view: AccountView) -> dict[str, Any]:
    return account_json(view.account, view.tokens)


def _list(work: Work, call: Call) -> dict[str, Any]:
    position = position_of(call, "ServiceAccounts")
    page, views = accounts.list_accounts(work, position, call.query["limit"])
    return page_body([_shown(view) for view in views], page.next)


def _get(work: Work, call: Call) -> dict[str, Any]:
    return _shown(accounts.get_account(work, call.path["serviceAccountSlug"]))


def _create(work: Work, call: Call) -> dict[str, Any]:
    return _shown(accounts.create_account(work, call.body["name"], call.body.get("slug")))


def _update(work: Work, call: Call) -> None:
    slug, body = call.path["serviceAccountSlug"], call.body
    accounts.update_account(work, slug, body["name"], body.get("slug"))


def _list_tokens(work: Work, call: Call) -> dict[str, Any]:
    slug, position = call.path["serviceAccountSlug"], position_of(call, "Tokens")
    page = accounts.list_tokens(work, slug, position, call.query["limit"])
    return page_body([token_json(row) for row in page.rows], page.next)


def _create_token(work: Work, call: Call) -> dict[str, Any]:
    body = call.body
    fields = TokenFields(
        name=body["name"],
        scopes=body["scopes"],
        slug=body.get("slug"),
        expires_at=body.get("expiresAt"),
    )
    made = accounts.create_token(work, call.path["serviceAccountSlug"], fields)
    return {**token_json(made.row), "token": made.plain}


def _revoke_token(work: Work, call: Call) -> None:
    accounts.revoke_token(work, call.path["serviceAccountSlug"], call.path["tokenSlug"])


_ALL = "/service-accounts"
_ONE = "/service-accounts/{serviceAccountSlug}"
_READ, _WRITE = "read:tokens", "write:tokens"
_TAG = "service-accounts"

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        id="get-service-accounts",
        method="GET",
        path=_ALL,
        tag=_TAG,
        summary="List all service accounts",
        scope=_READ,
        handler=_list,
        status=200,
        answer="PageServiceAccount",
        query=PAGING,
        refusals=(400, 404),
    ),
    Operation(
        id="create-service-account",
        method="POST",
        path=_ALL,
        tag=_TAG,
        summary="Create a new service account",
        scope=_WRITE,
        handler=_create,
        status=201,
        answer="ServiceAccount",
        body="WriteServiceAccount",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="get-service-account",
        method="GET",
        path=_ONE,
        tag=_TAG,
        summary="Get a service account by slug",
        scope=_READ,
        handler=_get,
        status=200,
        answer="ServiceAccount",
        refusals=(400, 404),
    ),
    Operation(
        id="update-service-account",
        method="PUT",
        path=_ONE,
        tag=_TAG,
        summary="Rename a service account",
        scope=_WRITE,
        handler=_update,
        status=204,
        body="WriteServiceAccount",
        refusals=(400, 404),
    ),
    Operation(
        id="get-service-account-tokens",
        method="GET",
        path=f"{_ONE}/tokens",
        tag=_TAG,
        summary="List all tokens of a service account, revoked ones too",
        scope=_READ,
        handler=_list_tokens,
        status=200,
        answer="PageToken",
        query=PAGING,
        refusals=(400, 404),
    ),
    Operation(
        id="create-service-account-token",
        method="POST",
        path=f"{_ONE}/tokens",
        tag=_TAG,
        summary="Create a token; the answer holds it, this once",
        scope=_WRITE,
        handler=_create_token,
        status=201,
        answer="PlainToken",
        body="WriteToken",
        refusals=(400, 404, 409),
    ),
    Operation(
        id="delete-service-account-token",
        method="DELETE",
        path=f"{_ONE}/tokens/{{tokenSlug}}",
        tag=_TAG,
        summary="Revoke a token; it stays in the list",
        scope=_WRITE,
        handler=_revoke_token,
        status=204,
        refusals=(400, 404),
    ),
)
