"""How to talk to a server. Each number says why it is what it is."""

from __future__ import annotations

from dataclasses import dataclass

from kaiten_sync.kinds.spec import Generation


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """One server and its credential.

    `url` is the base URL with or without `/api`. `token` never leaves this object but in the
    Authorization header; None sends none. `generation` overrides what would be asked of the
    server. `pool` bounds connections held open, one per worker.
    """

    url: str
    token: str | None = None
    generation: Generation | None = None
    allow_http: bool = False
    pool: int = 8
    retry: RetrySettings | None = None

    def __repr__(self) -> str:
        return f"ConnectionSettings(url={self.url!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySettings:
    """When and how long to wait before the same request is sent again.

    `attempts` counts the first one. Waits grow from `base_s` by doubling, jittered, up to
    `max_s`; a server's Retry-After wins, up to `retry_after_max_s` (longer than a minute, and
    a person should decide). `attempts=1` switches retrying off.
    """

    attempts: int = 6
    base_s: float = 0.25
    max_s: float = 8.0
    retry_after_max_s: float = 60.0


CONNECT_TIMEOUT_S = 10.0
"""A host that does not accept a connection by then is down or filtered."""

READ_TIMEOUT_S = 30.0
"""Between two parts of an answer. The official SDK's number. Source: API facts, section 6."""

ANSWER_TIMEOUT_S = 120.0
"""For a whole answer: a server that drips one byte at a time must not hold a run."""

ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
"""No page of 200 objects comes near it; a server that sends more is not telling the truth."""
