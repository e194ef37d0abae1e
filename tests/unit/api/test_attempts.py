"""When a request whose answer was lost is sent again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from kaiten_sync.api.attempts import LostAnswerError, until_answered
from kaiten_sync.api.pace import Pace
from kaiten_sync.api.settings import RetrySettings
from kaiten_sync.errors import StoppedError

RETRY = RetrySettings(attempts=4, base_s=1, max_s=3, retry_after_max_s=60)


class Waits:
    """A pace that nobody has to wait for, with the seconds that it was asked to."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.is_exhausted = False
        self.is_stopped = False

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)


def lost(
    retry_after_s: float | None = None, *, is_too_much: bool = False, is_final: bool = False
) -> LostAnswerError:
    return LostAnswerError(
        OSError("gone"), retry_after_s, is_too_much=is_too_much, is_final=is_final
    )


def waits(answers: Iterable[LostAnswerError | int]) -> tuple[int | None, list[float]]:
    """The first answer that comes, None if it stays lost, and the waits before each attempt."""
    coming, pace, told = iter(answers), Waits(), list[float]()

    def send() -> int:
        found = next(coming)
        if isinstance(found, LostAnswerError):
            raise found
        return found

    try:
        answer = until_answered(
            send, RETRY, cast(Pace, pace), lambda _lost, seconds: told.append(seconds)
        )
    except LostAnswerError:
        answer = None
    assert told == pace.seconds
    return answer, pace.seconds


def test_an_answer_at_once_waits_for_nothing() -> None:
    assert waits([7]) == (7, [])


def test_waits_grow_up_to_the_longest_until_the_attempts_are_used_up() -> None:
    bounds: list[float] = [0, 0, 0]
    for _ in range(300):
        answer, seconds = waits([lost() for _ in range(4)])
        assert answer is None
        bounds = [max(bound, wait) for bound, wait in zip(bounds, seconds, strict=True)]
    assert all(
        longest / 2 < found <= longest for found, longest in zip(bounds, (1, 2, 3), strict=True)
    )


def test_the_last_attempt_may_be_answered() -> None:
    assert waits([lost(), lost(), lost(), 7])[0] == 7


@pytest.mark.parametrize(("asked_s", "least_s"), [(20, 20), (3_600, 60)])
def test_what_the_server_asks_for_comes_first_and_is_bounded(asked_s: int, least_s: int) -> None:
    answer, (seconds,) = waits([lost(asked_s), 7])
    assert answer == 7
    assert least_s <= seconds <= least_s + 1


def test_a_long_storm_is_waited_out_and_uses_up_no_attempt() -> None:
    storm = [lost(is_too_much=True) for _ in range(2_000)]
    answer, seconds = waits([*storm, lost(), lost(), lost(), 7])
    assert answer == 7
    assert max(seconds) <= 3


def test_what_would_end_the_same_is_not_sent_again() -> None:
    assert waits([lost(is_final=True)]) == (None, [])


@pytest.mark.parametrize("end", [StoppedError("not sent"), lost(is_too_much=True)], ids=repr)
@pytest.mark.parametrize("was_lost", [False, True])
def test_what_a_stop_ends_counts_as_lost_only_if_an_answer_was_lost(
    end: Exception, was_lost: bool
) -> None:
    """What the server turned away was not carried out; what it did not answer may have been."""
    pace, before = Waits(), lost(is_too_much=not was_lost)
    coming = iter([before, end])

    def send() -> int:
        pace.is_stopped = bool(pace.seconds)
        raise next(coming)

    with pytest.raises((LostAnswerError, StoppedError)) as raised:
        until_answered(send, RETRY, cast(Pace, pace), lambda *_: None)
    assert raised.value is (before if was_lost else end)
    assert len(pace.seconds) == 1


def test_once_stopped_nobody_waits_for_a_server_that_turns_requests_away() -> None:
    pace = Waits()
    pace.is_stopped = True
    refusal = lost(60, is_too_much=True)

    def send() -> int:
        raise refusal

    with pytest.raises(LostAnswerError) as raised:
        until_answered(send, RETRY, cast(Pace, pace), lambda *_: None)
    assert (raised.value, pace.seconds) == (refusal, [])
