"""How to talk to a server. Each number says why it is what it is."""

from __future__ import annotations

from collections.abc import Callable

from kaiten_sync.api.network import DIRECT, Network
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.spec import Generation
from kaiten_sync.model.reading import CONNECTIONS

CONNECT_TIMEOUT_S = 10.0
"""A host that does not accept a connection by then is down or filtered."""

READ_TIMEOUT_S = 30.0
"""Between two parts of an answer. The official SDK's number. Source: API facts, section 6."""

ANSWER_TIMEOUT_S = 120.0
"""For a whole answer, headers included: a server that drips one byte at a time must not hold a
run. A request that took this long is not sent again."""

ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
"""For one answer, on the wire and unpacked. 200 objects of 300 kB reach it; a list that is larger
is asked for again in smaller pages."""


RETRY_NOTICE_S = 15.0
"""Seconds between notices of requests that are sent again: a storm of refusals has hundreds."""


class ConnectionSettings(Immutable, frozen=True, kw_only=True):
    """One server and its credential.

    `url` is the base URL with or without `/api`. `token` never leaves this object but in the
    Authorization header; None sends none. `generation` overrides what would be asked of the
    server. As many requests as `connections` are under way at once. `timeout_s` is the longest
    silence of the server, `READ_TIMEOUT_S` if None, and `answer_timeout_s` the longest that one
    answer may take in all. `network` is the way to the server. `max_requests_per_minute` bounds the
    rate, retries included; None does not. `notify` is told when a request is sent again.
    """

    url: str
    token: str | None = None
    generation: Generation | None = None
    allow_http: bool = False
    connections: int = CONNECTIONS
    timeout_s: float | None = None
    answer_timeout_s: float = ANSWER_TIMEOUT_S
    max_requests_per_minute: int | None = None
    retry: RetrySettings | None = None
    network: Network = DIRECT
    notify: Callable[[str], None] = lambda _text: None

    def __repr__(self) -> str:
        return f"ConnectionSettings(url={self.url!r})"


class RetrySettings(Immutable, frozen=True, kw_only=True):
    """When and how long to wait before the same request is sent again.

    `attempts` counts the first one and every failure. Waits grow from `base_s` by doubling,
    jittered, up to `max_s`; a server's Retry-After comes first, up to `retry_after_max_s`: it is
    better asked once a minute than believed for an hour. `attempts=1` switches retrying off.

    A 429, and a 503 with Retry-After, uses up no attempt: a storm of them is waited out for
    `patience_s`. That bounds a request that is refused while others pass, and the whole run
    while none does. Five minutes outlast the usual windows of rate limits, which are seconds or a
    minute long; longer, and a person should decide.
    """

    attempts: int = 6
    base_s: float = 0.25
    max_s: float = 8.0
    retry_after_max_s: float = 60.0
    patience_s: float = 300.0
