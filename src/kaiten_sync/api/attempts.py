"""When a request whose answer was lost is sent again, and when it is given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from kaiten_sync.api.pace import Pace
from kaiten_sync.api.settings import RetrySettings
from kaiten_sync.errors import StoppedError

if TYPE_CHECKING:
    from tenacity import RetryCallState

_T = TypeVar("_T")


class LostAnswerError(Exception):
    """A request may or may not have been carried out. Internal to `api/`.

    `is_too_much`: the server asked to slow down. `is_final`: waiting again would take as long
    again, or end the same, so the request is not repeated. `may_be_done`: it is a write, and not
    certain not to have been carried out.
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
        self.may_be_done = False


def until_answered(
    send: Callable[[], _T],
    retry: RetrySettings,
    pace: Pace,
    tell: Callable[[LostAnswerError, float], None],
) -> _T:
    """What `send` returns, called again as long as its answer is lost and worth waiting for.

    `tell` is given what was lost and the seconds until the next attempt.

    Raises:
        LostAnswerError: the answer stays lost.
        StoppedError: the run was stopped, and nothing that was sent can have been carried out.
        Whatever else `send` raises.
    """
    try:
        return send()
    except LostAnswerError as error:
        first = [error]
    # Almost every request is answered at once, and pays nothing for what follows.
    import tenacity

    def again() -> _T:
        if first:  # that attempt counts
            raise first.pop()
        return send()

    stop = _Stop(retry, pace)
    grows = tenacity.wait_random_exponential(multiplier=retry.base_s, max=retry.max_s)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(LostAnswerError),
        stop=stop,
        wait=lambda state: _asked_s(_lost(state), retry) + grows(state),
        sleep=pace.sleep,
        before_sleep=lambda state: tell(_lost(state), state.upcoming_sleep),
        reraise=True,
    )
    try:
        return retrying(again)
    except (StoppedError, LostAnswerError) as error:
        # A request that is turned away was not carried out; one whose answer was lost may be.
        is_turned_away = isinstance(error, StoppedError) or error.is_too_much
        if is_turned_away and pace.is_stopped and stop.failed is not None:
            raise stop.failed from error
        raise


class _Stop:
    """When one request, or one write with the looks before it, is given up.

    Failures are counted. Being asked to slow down is timed instead, from the first time: within
    patience a storm is waited out, however short the waits are that the server asks for.
    """

    def __init__(self, retry: RetrySettings, pace: Pace) -> None:
        self._retry = retry
        self._pace = pace
        self._failures = 0
        self.failed: LostAnswerError | None = None
        self._slowed_at: float | None = None

    def __call__(self, state: RetryCallState) -> bool:
        lost = _lost(state)
        if self._retry.attempts == 1 or lost.is_final:
            return True
        if not lost.is_too_much:
            self._failures += 1
            self.failed = lost
            return self._failures >= self._retry.attempts
        now = state.outcome_timestamp or state.start_time
        if self._slowed_at is None:
            self._slowed_at = now
        if self._pace.is_stopped:
            return True
        return self._pace.is_exhausted or now - self._slowed_at >= self._retry.patience_s


def _lost(state: RetryCallState) -> LostAnswerError:
    """What an attempt ended with: nothing else is tried again."""
    return cast(LostAnswerError, state.outcome and state.outcome.exception())


def _asked_s(lost: LostAnswerError, retry: RetrySettings) -> float:
    """How long the server asked to wait."""
    return min(lost.retry_after_s or 0.0, retry.retry_after_max_s)
