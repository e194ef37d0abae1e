"""Single values as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_EXACT = 2**53
"""Integers up to here are the same as floating point numbers."""


def number(value: float) -> int | float:
    """A number in its shortest spelling: 1000 and not 1000.0, as upstream writes it."""
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else number(float(value))
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


@lru_cache(maxsize=1024)
def timestamp(milliseconds: int) -> str:
    """Milliseconds since 1970 as RFC 3339 in UTC, such as 2026-01-31T12:00:00.123Z."""
    # Kept for a while: what is listed together was often made together.
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03}Z"


def user(account_id: str | None, name: str | None) -> dict[str, Any] | None:
    """Who made or changed something; None if nobody is known."""
    if account_id is None:
        return None
    return {"id": account_id} if name is None else {"id": account_id, "name": name}


def without_none(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what is not set: clients see it as absent, not as null."""
    return {name: value for name, value in body.items() if value is not None}


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]
