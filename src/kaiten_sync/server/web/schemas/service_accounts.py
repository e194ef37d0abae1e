"""Schemas of service accounts and their tokens."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.server.service.accounts import MAX_TOKENS_SHOWN
from kaiten_sync.server.web.check import Schema
from kaiten_sync.server.web.paging import page_schema
from kaiten_sync.server.web.schemas.shared import (
    READ_ONLY_ID,
    READ_ONLY_TIME,
    READ_ONLY_USER,
    READABLE,
    SLUG,
    record,
    ref,
)

_TEXT: Schema = {"type": "string"}

_ACCOUNT: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "examples": ["CI"]},
    "slug": SLUG,
    "externalId": {**_TEXT, "readOnly": True},
    "createdBy": READ_ONLY_USER,
    "createdAt": READ_ONLY_TIME,
    "tokens": {
        "type": ["array", "null"],
        "items": ref("Token"),
        "readOnly": True,
        "description": f"The newest {MAX_TOKENS_SHOWN}, without what they are",
    },
}
_TOKEN: Mapping[str, Schema] = {
    "id": READ_ONLY_ID,
    "name": {**READABLE, "description": "Unique among the account's tokens that are not revoked"},
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
        "description": "From then on it opens nothing; not later than the token that creates it."
        " Left out: together with that one.",
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
