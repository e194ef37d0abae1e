"""Service accounts and their tokens, never with what the tokens are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kaiten_sync.server.db.accounts import ShownAccount, ShownToken
from kaiten_sync.server.shapes.scalars import timestamp, user, without_none


def account_json(row: ShownAccount, tokens: Sequence[ShownToken]) -> dict[str, Any]:
    """A service account as the API shows it."""
    body = {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "createdBy": user(row.created_by, row.created_by_name),
        "createdAt": timestamp(row.created_at),
        "tokens": [token_json(token) for token in tokens],
    }
    return without_none(body)


def token_json(row: ShownToken) -> dict[str, Any]:
    """A token as the API shows it."""
    body = {
        "id": row.id,
        "name": row.name,
        "slug": row.slug,
        "scopes": row.scopes,
        "serviceAccountId": row.service_account_id,
        "createdBy": user(row.created_by, row.created_by_name),
        "createdAt": timestamp(row.created_at),
        "expiresAt": None if row.expires_at is None else timestamp(row.expires_at),
        "revokedBy": user(row.revoked_by, row.revoked_by_name),
        "revokedAt": None if row.revoked_at is None else timestamp(row.revoked_at),
    }
    return without_none(body)
