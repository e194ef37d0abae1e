"""Rules of tokens: what they may be called, may do, and when they end.

Source: API facts, section 3; what is refused beyond that is in `web/differences.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kaiten_sync.server.domain.choices import unknown_words
from kaiten_sync.server.domain.refusals import (
    Problem,
    RefusalError,
    RefusalKind,
    unprocessable,
)
from kaiten_sync.server.domain.scopes import SCOPES, allows

MAX_NAME_LENGTH = 255
"""Characters of a token's name. It is in an index, and PostgreSQL's hold 2,700 bytes."""


def check_name(name: str) -> None:
    """Refuse a name that is too long to be kept unique.

    Raises:
        RefusalError: it is.
    """
    if len(name) > MAX_NAME_LENGTH:
        raise unprocessable(
            "CreateToken.NameTooLong",
            f"a token's name has at most {MAX_NAME_LENGTH} characters",
            [Problem(f"expected a length of at most {MAX_NAME_LENGTH}", "body.name")],
        )


def settle_scopes(wanted: Sequence[str] | None, own: Collection[str]) -> list[str]:
    """The scopes of a new token, each once.

    Raises:
        RefusalError: no scope is named, one is unknown, or one allows more than `own`, the scopes
            of the token that creates the new one.
    """
    unknown = [
        (f"body.scopes[{index}]", scope)
        for index, scope in enumerate(wanted or ())
        if scope not in SCOPES
    ]
    problems = unknown_words("unknown scope", unknown, SCOPES)
    if problems or not wanted:
        raise RefusalError(
            RefusalKind.INVALID,
            "Token.InvalidScopes",
            "a token has scopes, such as read:licenses, write:instances or read:*",
            problems[:20] or [Problem("at least one scope is needed", "body.scopes")],
        )
    for scope in wanted:
        if not allows(own, scope):
            raise RefusalError(
                RefusalKind.FORBIDDEN,
                "Auth.MissingScope",
                f"a token cannot give {scope}, which it has not itself",
            )
    return list(dict.fromkeys(wanted))


def settle_expiry(expires_at: int | None, own: int | None, now_ms: int) -> int | None:
    """When a new token expires, in milliseconds since 1970; None for never.

    `own` is when the token expires that asks for it: a token without an expiry of its own gets
    that one.

    Raises:
        RefusalError: it would have expired already, or later than the token that asks for it.
    """
    if expires_at is not None and expires_at <= now_ms:
        raise unprocessable(
            "CreateToken.ExpiresInThePast",
            "a token must end in the future",
            [Problem("expected a time in the future", "body.expiresAt")],
        )
    if expires_at is None or own is None:
        return own if expires_at is None else expires_at
    if expires_at > own:
        raise unprocessable(
            "CreateToken.ExpiresAfterParent",
            "a token cannot expire later than the token that creates it; without expiresAt, it"
            " expires together with that one",
            [Problem("expected a time before your own token expires", "body.expiresAt")],
        )
    return expires_at
