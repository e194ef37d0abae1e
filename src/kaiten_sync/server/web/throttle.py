"""Slows down guesses of tokens: through the API and the form together, by address and in all.

A token that the server made has 256 random bits: it cannot be guessed at any pace, so it is always
looked up, and a valid one is never refused. The limit protects tokens that were chosen by hand.
While it is reached, such a token is looked up only where it was valid before.

Counted in this process: several workers allow as many times more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TypeVar

from starlette.requests import Request

from kaiten_sync.server.domain.refusals import RefusalError, RefusalKind
from kaiten_sync.server.domain.tokens import is_generated, lookup_hash

MAX_GUESSES = 20
"""Different wrong tokens of one address within the time below: more than anybody mistypes."""

MAX_FAILURES = 300
"""Wrong tokens of one address, also if it is one again and again, as of a client with an expired
token: that one learns from a 401 what is wrong."""

MAX_GUESSES_IN_ALL = 1_000
"""Different wrong tokens of all addresses: more than the mistakes of many clients."""

WAIT_MS = 60_000
"""From the first failure that counts until it is forgotten, and guesses are looked up again."""

_MAX_REMEMBERED = 10_000
"""Addresses and uses of chosen tokens, the newest: nobody can fill the memory with them."""

_NETWORK_OF_IPV6 = 64
"""Bits of an IPv6 address that a provider assigns; its customer chooses the rest."""


K = TypeVar("K")
V = TypeVar("V")


def address_of(request: Request) -> str:
    """Where a request comes from: the address behind the proxies that are trusted."""
    return request.client.host if request.client else ""


class ThrottledError(RefusalError):
    """Too many wrong tokens: try again in `wait_s` seconds."""

    def __init__(self, wait_ms: int) -> None:
        self.wait_s = -(-wait_ms // 1000)
        super().__init__(
            RefusalKind.TOO_MANY,
            "Auth.TooManyFailures",
            f"too many wrong tokens; try again in {self.wait_s} seconds",
        )


@dataclass(slots=True)
class _Count:
    """What failed within the time that began then."""

    began_ms: int
    failures: int = 0
    guesses: set[str] = field(default_factory=set)

    def is_over(self, now_ms: int) -> bool:
        """Whether it is forgotten. So it is if the clock was set back to long before it began."""
        return abs(now_ms - self.began_ms) >= WAIT_MS


class Throttle:
    """Counts failures. Times are milliseconds since 1970."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._in_all = _Count(0)
        self._used: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def guarding(self, address: str, token: str, now_ms: int) -> Iterator[None]:
        """Around what looks up a token that came from this address.

        Raises:
            ThrottledError: there were too many failures, and this token is either another one or
                could be a guess.
        """
        place, digest = _place(address), lookup_hash(token)
        with self._lock:
            wait_ms = self._wait_ms(place, now_ms)
            # A token that was made here has too many bits to be guessed, and one that was good
            # before is not a guess.
            if wait_ms and not is_generated(token) and (place, digest) not in self._used:
                raise ThrottledError(wait_ms)
        try:
            yield
        except RefusalError as error:
            if error.kind is not RefusalKind.UNAUTHORIZED:
                raise
            if wait_ms:
                raise ThrottledError(wait_ms) from error
            with self._lock:
                self._count(place, digest, now_ms)
            raise
        if not is_generated(token):
            with self._lock:
                _remember(self._used, (place, digest), None)

    def _count(self, place: str, digest: str, now_ms: int) -> None:
        count = self._counts.get(place)
        if count is None or count.is_over(now_ms):
            count = _Count(now_ms)
        if self._in_all.is_over(now_ms):
            self._in_all = _Count(now_ms)
        self._in_all.failures += digest not in count.guesses
        count.failures += 1
        count.guesses.add(digest)
        _remember(self._counts, place, count)

    def _wait_ms(self, place: str, now_ms: int) -> int:
        """How long until a failure is counted again; 0 for not at all."""
        full = [self._in_all] if self._in_all.failures >= MAX_GUESSES_IN_ALL else []
        count = self._counts.get(place)
        if count and (len(count.guesses) >= MAX_GUESSES or count.failures >= MAX_FAILURES):
            full.append(count)
        waits = (each.began_ms + WAIT_MS - now_ms for each in full if not each.is_over(now_ms))
        return max([0, *waits])


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep a value under a key, and the newest of all."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _MAX_REMEMBERED:
        kept.popitem(last=False)


@lru_cache(maxsize=1024)
def _place(address: str) -> str:
    """What counts as one address: for IPv6 the network, in which a client chooses its own."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, _NETWORK_OF_IPV6), strict=False))
    return str(parsed)
