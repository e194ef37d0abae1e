"""Slows down who tries tokens: after some that open nothing, an address has to wait.

Counted in this process: several workers allow as many times more. A token of 256 random bits
cannot be guessed at any pace; this is for short ones that were chosen by hand.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

MAX_FAILURES = 10
"""Failures of one address within the time below: more than anybody mistypes."""

WAIT_MS = 60_000

_MAX_ADDRESSES = 10_000
"""Addresses that are remembered, the newest: nobody can fill the memory with them."""


class Throttle:
    """Counts failures by address. Times are milliseconds since 1970."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_ms(self, address: str, now_ms: int) -> int:
        """How long an address has to wait before it may try again; 0 for not at all."""
        with self._lock:
            recent = self._recent(address, now_ms)
            return recent[0] + WAIT_MS - now_ms if len(recent) >= MAX_FAILURES else 0

    def add_failure(self, address: str, now_ms: int) -> None:
        """Count a failure."""
        with self._lock:
            self._failures[address] = [*self._recent(address, now_ms), now_ms][-MAX_FAILURES:]
            self._failures.move_to_end(address)
            while len(self._failures) > _MAX_ADDRESSES:
                self._failures.popitem(last=False)

    def forget(self, address: str) -> None:
        """Forget the failures of an address, which has a token that opens."""
        with self._lock:
            self._failures.pop(address, None)

    def _recent(self, address: str, now_ms: int) -> list[int]:
        return [at for at in self._failures.get(address, ()) if at > now_ms - WAIT_MS]
