"""When a request whose answer was lost is sent again, and when it is given up."""

from __future__ import annotations

import random
import time

from kaiten_sync.api.pace import Pace
from kaiten_sync.api.settings import RetrySettings


class LostAnswerError(Exception):
    """A request may or may not have been carried out. Internal to `api/`.

    `is_too_much`: the server asked to slow down. `is_final`: waiting again would take as long
    again, or end the same, so the request is not repeated.
    """

    def __init__(
        self,
        cause: Exception,
        retry_after_s: float | None = None,
        *,
        is_too_much: bool = False,
        is_final: bool = False,
    ) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.retry_after_s = retry_after_s
        self.is_too_much = is_too_much
        self.is_final = is_final


class Attempts:
    """The attempts at one request, or at one write with the looks before it.

    Failures are counted. Being asked to slow down is timed instead, from the first time: within
    patience a storm is waited out, however short the waits are that the server asks for.
    """

    def __init__(self, retry: RetrySettings, pace: Pace) -> None:
        self._retry = retry
        self._pace = pace
        self._longest_s = min(retry.base_s, retry.max_s)
        self._failures = 0
        self._slowed_at: float | None = None

    def seconds_to_wait(self, lost: LostAnswerError) -> float | None:
        """How long to wait before the next attempt; None if this one was the last."""
        if self._is_last(lost):
            return None
        # Jittered over the whole of it: threads that failed together do not come back together.
        jittered_s = random.uniform(0, self._longest_s)  # noqa: S311  (not a secret)
        self._longest_s = min(2 * self._longest_s, self._retry.max_s)
        return min(lost.retry_after_s or 0.0, self._retry.retry_after_max_s) + jittered_s

    def _is_last(self, lost: LostAnswerError) -> bool:
        if self._retry.attempts == 1 or lost.is_final:
            return True
        if not lost.is_too_much:
            self._failures += 1
            return self._failures >= self._retry.attempts
        now = time.monotonic()
        if self._slowed_at is None:
            self._slowed_at = now
        return self._pace.is_exhausted or now - self._slowed_at >= self._retry.patience_s
