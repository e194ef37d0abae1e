"""The request that every use case works with."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from sqlalchemy import Connection

from kaiten_sync.server.domain.refusals import RefusalError

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The service account behind a request. It sees its own organization only.

    `token_id` is the token that the request was sent with, or None for the server itself, and
    `expires_at` is when that token ends: milliseconds since 1970, or None for never.
    """

    account_id: str
    account_name: str
    organization_id: str
    scopes: frozenset[str]
    token_id: str | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One request's transaction, its caller, its time (ms since 1970, UTC), its randomness.

    `clock` gives the time now; without one, time stands still.
    `allow_private_webhooks` says whether webhooks may lead into private networks. `queued`
    collects the ids of the webhook deliveries that the request causes.
    """

    connection: Connection
    caller: Caller
    now_ms: int
    random_hex: Callable[[], str]
    clock: Callable[[], int] | None = None
    allow_private_webhooks: bool = False
    queued: list[str] = field(default_factory=list)

    @property
    def organization_id(self) -> str:
        """The only organization that this request may touch."""
        return self.caller.organization_id

    def after_waiting(self) -> Self:
        """The same at the time that it is now, for who has waited for a lock.

        Whoever had the lock meanwhile has an earlier time, and so is before it in each list.
        """
        return self if self.clock is None else replace(self, now_ms=self.clock())

    def touched(self, before_ms: int) -> int:
        """A time of change that is later than the last one, however fast two changes follow.

        Ask once the object is held: until then, somebody else may change it at a later time.
        """
        return max(self.after_waiting().now_ms, before_ms + 1)


def new_id() -> str:
    """A new id, at random."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Whether this could be an id of ours. Another text never gets to the database."""
    return _ID.fullmatch(text) is not None


def first_free(
    candidates: Iterable[str], is_taken: Callable[[str], bool], taken: RefusalError
) -> str:
    """The first of these slugs that nothing has.

    Raises:
        RefusalError: `taken`; something has each of them.
    """
    free: Iterator[str] = (slug for slug in candidates if not is_taken(slug))
    for slug in free:
        return slug
    raise taken
