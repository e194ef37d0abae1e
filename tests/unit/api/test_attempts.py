"""When a request whose answer was lost is sent again."""

from __future__ import annotations

from kaiten_sync.api.attempts import Attempts, LostAnswerError
from kaiten_sync.api.pace import Pace
from kaiten_sync.api.settings import RetrySettings

RETRY = RetrySettings(attempts=4, base_s=1, max_s=3, retry_after_max_s=60)


def attempts() -> Attempts:
    return Attempts(RETRY, Pace(at_most=1, longest_pause_s=60, patience_s=300))


def lost(
    retry_after_s: float | None = None, *, is_too_much: bool = False, is_final: bool = False
) -> LostAnswerError:
    return LostAnswerError(
        OSError("gone"), retry_after_s, is_too_much=is_too_much, is_final=is_final
    )


def test_waits_grow_up_to_the_longest_until_the_attempts_are_used_up() -> None:
    bounds: list[float] = [0, 0, 0]
    for _ in range(300):
        tried = attempts()
        waits = [tried.seconds_to_wait(lost()) for _ in range(4)]
        assert waits.pop() is None
        bounds = [max(bound, wait or 0) for bound, wait in zip(bounds, waits, strict=True)]
    assert all(
        longest / 2 < found <= longest for found, longest in zip(bounds, (1, 2, 3), strict=True)
    )


def test_what_the_server_asks_for_comes_first_and_is_bounded() -> None:
    assert 20 <= (attempts().seconds_to_wait(lost(20)) or 0) <= 21
    assert 60 <= (attempts().seconds_to_wait(lost(3_600)) or 0) <= 61


def test_a_long_storm_is_waited_out_and_uses_up_no_attempt() -> None:
    tried = attempts()
    assert all(
        0 <= (tried.seconds_to_wait(lost(is_too_much=True)) or -1) <= 3 for _ in range(5_000)
    )
    assert tried.seconds_to_wait(lost()) is not None


def test_what_would_end_the_same_is_not_sent_again() -> None:
    assert attempts().seconds_to_wait(lost(is_final=True)) is None
