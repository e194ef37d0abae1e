"""How fast one client may go: a gate that every request passes.

Three bounds, for all threads together. *At once*: as many requests as there are workers, half as
many after the server has said that it is too much, one more after each full window of answers,
up to where it began (additive increase, multiplicative decrease; RFC 5681 does the same for
TCP). *Pause*: after a Retry-After nobody sends until it has passed. *Rate*: requests are spaced
evenly. Why this is our own: docs/adr/0011-pace.md.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeAlias

from kaiten_sync.api.moments import http_date
from kaiten_sync.immutable import Immutable

Clock: TypeAlias = Callable[[], float]
"""Seconds of a clock that never goes back."""

Wait: TypeAlias = Callable[[threading.Condition, float | None], object]
"""Waits for a condition, whose lock is held, for at most so many seconds; None: without end."""


_LOOK_S = 0.2
"""How often a wait that a stop may end looks whether there was one: a signal wakes nobody up."""


class ClosedError(Exception):
    """The client was closed; nothing more is sent. Internal to `api/`."""


class ExhaustedError(Exception):
    """The server has let nothing through for longer than patience lasts. Internal to `api/`."""


class Turn(Immutable, frozen=True):
    """One request's passage. `episode` counts the slowdowns before it."""

    episode: int


class Pace:
    """The gate. Safe to use from several threads.

    `at_most` requests are under way at once, and `per_minute` are sent in any minute, where
    that is not None. `longest_pause_s` bounds each pause that a server asks for; `patience_s`
    is how long it may turn every request away.
    """

    def __init__(
        self,
        *,
        at_most: int,
        per_minute: int | None = None,
        longest_pause_s: float,
        patience_s: float,
        now: Clock = time.monotonic,
        wait: Wait = threading.Condition.wait,
    ) -> None:
        self._at_most = at_most
        self._interval_s = 60 / per_minute if per_minute else 0.0
        self._longest_pause_s = longest_pause_s
        self._patience_s = patience_s
        self._now = now
        self._wait = wait
        self._changed = threading.Condition()
        self._is_closed = False
        self._stop: Callable[[], bool] | None = None
        self._limit = at_most
        self._under_way = 0
        self._window = 0
        self._episode = 0
        self._free_at = -math.inf
        self._paused_until = -math.inf
        self._refused_since: float | None = None
        self._asked_s = 0.0

    @property
    def limit(self) -> int:
        """How many requests may be under way now."""
        return self._limit

    @property
    def slowdowns(self) -> int:
        """How often the server made the run slower."""
        return self._episode

    @property
    def asked_s(self) -> float:
        """Seconds that the server last asked to wait, however long; 0 if it did not say."""
        return self._asked_s

    @property
    def is_closed(self) -> bool:
        """Whether nobody gets a turn any more."""
        return self._is_closed

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits any longer for a server that asks to slow down."""
        return self._stop is not None and self._stop()

    def heed(self, stop: Callable[[], bool]) -> None:
        """End all waits that the server asks for once `stop` is true."""
        self._stop = stop

    @property
    def is_exhausted(self) -> bool:
        """Whether the server has turned every request away for as long as patience lasts.

        A pause counts from its beginning: waiting for its end would change nothing.
        """
        with self._changed:
            if self._refused_since is None:
                return False
            return max(self._now(), self._paused_until) - self._refused_since >= self._patience_s

    @contextmanager
    def turn(self, requests: int = 1) -> Iterator[Turn]:
        """Wait for a turn, and hold it for as long as so many requests in a row take.

        Raises:
            ClosedError: the client was closed, or the run stopped, perhaps during the wait.
            ExhaustedError: there is a pause, and patience is at its end.
        """
        with self._changed:
            while (wait_s := self._wait_s()) > 0:
                self._wait(self._changed, self._until_a_look_s(wait_s))
            self._under_way += 1
            self._free_at = max(self._free_at, self._now()) + requests * self._interval_s
            # The pace when the turn began: a refusal says nothing of a later, slower pace.
            turn = Turn(self._episode)
        try:
            yield turn
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def went_well(self, turn: Turn) -> None:
        """The server answered, whatever it said: it can take as much as this."""
        with self._changed:
            self._refused_since = None
            if turn.episode != self._episode or self._limit == self._at_most:
                return
            self._window += 1
            if self._window >= self._limit:
                self._limit += 1
                self._window = 0
                self._changed.notify_all()

    def slow_down(self, turn: Turn, retry_after_s: float | None) -> None:
        """The server said that it is too much, and perhaps when to come back.

        Eight requests that are turned away together are one reason to slow down, not eight:
        those that were sent before the last slowdown only make the pause longer.
        """
        with self._changed:
            now = self._now()
            if self._refused_since is None:
                self._refused_since = now
            if retry_after_s is not None:
                self._asked_s = retry_after_s
                pause_s = min(retry_after_s, self._longest_pause_s)
                self._paused_until = max(self._paused_until, now + pause_s)
            if turn.episode == self._episode:
                self._episode += 1
                self._limit = max(1, self._limit // 2)
                self._window = 0
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Sleep outside of any turn, at the latest until the run stops or the client is closed."""
        with self._changed:
            until = self._now() + seconds
            while (left_s := until - self._now()) > 0:
                if self._is_closed or self.is_stopped:
                    break
                self._wait(self._changed, self._until_a_look_s(left_s))

    def close(self) -> None:
        """Wake everybody up; nobody gets a turn any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _wait_s(self) -> float:
        """Seconds until it is worth looking again; infinite where a request must end first."""
        if self._is_closed:
            raise ClosedError
        now = self._now()
        if self._paused_until > now and self.is_stopped:
            raise ClosedError
        if self._paused_until > now and self.is_exhausted:
            raise ExhaustedError
        if self._under_way >= self._limit:
            return math.inf
        return max(0.0, max(self._paused_until, self._free_at) - now)

    def _until_a_look_s(self, wait_s: float) -> float | None:
        if self._stop is not None:
            return min(wait_s, _LOOK_S)
        return None if math.isinf(wait_s) else wait_s


def seconds_to_wait(retry_after: str | None, date: str | None, now: datetime) -> float | None:
    """What a Retry-After header asks for; None if it asks for nothing that can be read.

    It holds seconds or a date. The date is compared with the answer's own Date, because the
    server's clock may be wrong, and with `now` where there is none.

    Source: RFC 9110, sections 10.2.3 and 5.6.7.
    """
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        until = http_date(retry_after)
        if until is None:
            return None
        seconds = (until - (http_date(date) or now)).total_seconds()
    return None if math.isnan(seconds) else max(0.0, seconds)
