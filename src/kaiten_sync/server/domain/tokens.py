"""Tokens: `ksh_` and 32 random bytes. Only a hash is ever stored."""

from __future__ import annotations

import hashlib
import re
import secrets

_PREFIX = "ksh_"
_RANDOM_BYTES = 32
"""256 bits cannot be guessed at any pace: `web/throttle.py` relies on it."""

_SHAPE = re.compile(r"ksh_[A-Za-z0-9_-]{16,508}")
"""A token chosen by hand: at least 20 characters, and at most what a header line carries."""


_GENERATED = re.compile(r"ksh_[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A token that nobody has seen."""
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def is_generated(token: str) -> bool:
    """Whether a token looks like one from `new_token`, with as many random characters."""
    return _GENERATED.fullmatch(token) is not None


def token_problem(token: str) -> str | None:
    """Why a text chosen by hand cannot be a token; None if it can. Never repeats the text."""
    if _SHAPE.fullmatch(token):
        return None
    return (
        "a token is ksh_ and at least 16 more letters, digits, hyphens or underscores"
        " (20 characters in all)"
    )


def lookup_hash(token: str) -> str:
    """What a token is stored and found by.

    A plain SHA-256: a slow hash makes guessing a short secret expensive, and a token of 256
    random bits cannot be guessed at any speed. It would only slow down every request.
    """
    return hashlib.sha256(token.encode()).hexdigest()
