"""The gate in front of every request, with a clock that only moves when somebody waits."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.processes import HANG_S

from kaiten_sync.api.pace import ClosedError, ExhaustedError, Pace, Turn, seconds_to_wait


class BlockedError(Exception):
    """Nothing but the end of a request would help."""


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def wait(self, _: threading.Condition, seconds: float | None) -> None:
        if seconds is None:
            raise BlockedError
        self.now_s += seconds


def pace_of(clock: Clock, at_most: int = 8, per_minute: int | None = None) -> Pace:
    return Pace(
        at_most=at_most,
        per_minute=per_minute,
        longest_pause_s=60,
        patience_s=300,
        now=clock,
        wait=clock.wait,
    )


def refused(pace: Pace, retry_after_s: float | None = None) -> None:
    with pace.turn() as turn:
        pace.slow_down(turn, retry_after_s)


def answered(pace: Pace, times: int = 1) -> None:
    for _ in range(times):
        with pace.turn() as turn:
            pace.went_well(turn)


# At once


@pytest.mark.parametrize(("slowdowns", "limit"), [(0, 8), (1, 4), (2, 2), (3, 1), (5, 1)])
def test_as_many_at_once_as_the_limit_says(slowdowns: int, limit: int) -> None:
    pace = pace_of(Clock())
    for _ in range(slowdowns):
        refused(pace)
    assert (pace.limit, pace.slowdowns) == (limit, slowdowns)
    with ExitStack() as stack:
        for _ in range(limit):
            stack.enter_context(pace.turn())
        with pytest.raises(BlockedError), pace.turn():
            pass
    answered(pace)


def test_eight_that_are_turned_away_together_slow_down_once() -> None:
    pace = pace_of(Clock())
    with ExitStack() as stack:
        for turn in [stack.enter_context(pace.turn()) for _ in range(8)]:
            pace.slow_down(turn, None)
    assert (pace.limit, pace.slowdowns) == (4, 1)


def test_recovers_by_one_for_each_full_window_and_not_beyond_the_start() -> None:
    pace = pace_of(Clock())
    refused(pace)
    limits = []
    for _ in range(30):
        answered(pace)
        limits.append(pace.limit)
    assert limits == [*[4] * 3, *[5] * 5, *[6] * 6, *[7] * 7, *[8] * 9]


def test_an_answer_to_what_was_sent_before_the_slowdown_proves_nothing() -> None:
    pace = pace_of(Clock(), at_most=2)
    with pace.turn() as early:
        refused(pace)
        pace.went_well(early)
    assert pace.limit == 1


def test_a_refusal_starts_the_window_over() -> None:
    pace = pace_of(Clock())
    refused(pace)
    answered(pace, 3)
    refused(pace)
    answered(pace, 1)
    assert pace.limit == 2


def test_a_request_that_failed_gives_its_place_back() -> None:
    pace = pace_of(Clock(), at_most=1)
    with pytest.raises(OSError, match="lost"), pace.turn():
        raise OSError("lost")
    answered(pace)
    assert pace.limit == 1


@given(st.integers(1, 9), st.lists(st.sampled_from(["answer", "refuse", "fail", "old"])))
def test_the_limit_stays_between_one_and_the_start(at_most: int, events: list[str]) -> None:
    clock = Clock()
    pace = pace_of(clock, at_most)
    for event in events:
        before = pace.limit
        with pace.turn() as turn:
            match event:
                case "answer":
                    pace.went_well(turn)
                    assert before <= pace.limit <= before + 1
                case "refuse":
                    pace.slow_down(turn, None)
                    assert pace.limit == max(1, before // 2)
                case "old":
                    pace.slow_down(Turn(-1), None)
                    assert pace.limit == before
        assert 1 <= pace.limit <= at_most


# Pause


@pytest.mark.parametrize(
    ("asked", "begins_at"),
    [([5.0], 5), ([5.0, 9.0, 2.0], 9), ([0.0], 0), ([None], 0), ([3600.0], 60), ([math.inf], 60)],
)
def test_everybody_waits_until_the_latest_retry_after_has_passed(
    asked: list[float | None], begins_at: float
) -> None:
    clock = Clock()
    pace = pace_of(clock)
    with ExitStack() as stack:
        turns = [stack.enter_context(pace.turn()) for _ in asked]
        for turn, seconds in zip(turns, asked, strict=True):
            pace.slow_down(turn, seconds)
    for _ in range(3):
        answered(pace)
        assert clock.now_s == begins_at


# Rate


def test_requests_are_spaced_evenly() -> None:
    clock = Clock()
    pace = pace_of(clock, per_minute=120)
    times = []
    for _ in range(4):
        answered(pace)
        times.append(clock.now_s)
    assert times == [0, 0.5, 1, 1.5]


def test_idle_time_saves_nothing_up() -> None:
    clock = Clock()
    pace = pace_of(clock, per_minute=120)
    answered(pace)
    clock.now_s = 1000
    answered(pace, 3)
    assert clock.now_s == 1001


@given(st.integers(1, 600), st.lists(st.floats(0, 5), max_size=100))
def test_no_minute_holds_more_than_was_allowed(per_minute: int, idle_s: list[float]) -> None:
    clock = Clock()
    pace = pace_of(clock, per_minute=per_minute)
    times = []
    for seconds in idle_s:
        clock.now_s += seconds
        answered(pace)
        times.append(clock.now_s)
    for begin in times:
        assert sum(begin <= time < begin + 60 - 1e-6 for time in times) <= per_minute


# Patience


def test_patience_ends_when_nothing_was_let_through_for_so_long() -> None:
    clock = Clock()
    pace = pace_of(clock)
    for refusals in range(1, 6):
        assert not pace.is_exhausted
        refused(pace, 60)
        assert clock.now_s == 60 * (refusals - 1)
    assert pace.is_exhausted
    with pytest.raises(ExhaustedError), pace.turn():
        pass
    assert clock.now_s == 240


def test_one_answer_renews_patience() -> None:
    clock = Clock()
    pace = pace_of(clock)
    for _ in range(20):
        refused(pace, 60)
        refused(pace, 60)
        answered(pace)
    assert not pace.is_exhausted


def test_after_the_pause_a_request_may_find_out_whether_it_is_over() -> None:
    clock = Clock()
    pace = pace_of(clock)
    for _ in range(5):
        refused(pace, 60)
    clock.now_s += 60
    assert pace.is_exhausted
    answered(pace)
    assert not pace.is_exhausted


# Closing, with real threads

FOR_GOOD_S = 10 * HANG_S


def real_pace(at_most: int) -> Pace:
    return Pace(at_most=at_most, longest_pause_s=FOR_GOOD_S, patience_s=2 * FOR_GOOD_S)


def test_closing_wakes_up_whoever_waits_for_a_place_for_a_pause_or_for_a_retry() -> None:
    full, paused = real_pace(1), real_pace(1)
    refused(paused, FOR_GOOD_S)

    def enter(pace: Pace) -> None:
        with pace.turn():
            pass

    with full.turn(), ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(enter, full), pool.submit(enter, paused)]
        sleeping = pool.submit(paused.sleep, FOR_GOOD_S)
        full.close()
        paused.close()
        for future in waiting:
            assert isinstance(future.exception(timeout=HANG_S), ClosedError)
        assert sleeping.result(timeout=HANG_S) is None


def test_threads_take_turns() -> None:
    pace = real_pace(2)
    inside: list[int] = []
    seen: list[int] = []

    def enter(number: int) -> None:
        with pace.turn() as turn:
            inside.append(number)
            seen.append(len(inside))
            pace.went_well(turn)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(200)))
    assert len(seen) == 200
    assert max(seen) <= 2


def test_sleeps_as_long_as_it_was_asked_to() -> None:
    clock = Clock()
    pace_of(clock).sleep(1.5)
    assert clock.now_s == 1.5


# Retry-After

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        (None, None, None),
        ("7", None, 7),
        ("0", None, 0),
        ("0.5", None, 0.5),
        ("-3", None, 0),
        ("nan", None, None),
        ("", None, None),
        ("soon", None, None),
        ("1, 2", None, None),
        ("Fri, 01 May 2026 12:00:30 GMT", None, 30),
        ("Fri May  1 12:00:30 2026", None, 30),
        ("Friday, 01-May-26 12:00:30 GMT", None, 30),
        ("Fri, 01 May 2026 11:00:00 GMT", None, 0),
        ("Fri, 01 May 2026 12:00:30 GMT", "Fri, 01 May 2026 12:00:10 GMT", 20),
        ("Fri, 01 May 2026 12:00:30 GMT", "yesterday", 30),
        ("Fri, 99 May 2026 12:00:30 GMT", None, None),
    ],
)
def test_reads_retry_after(
    retry_after: str | None, date: str | None, seconds: float | None
) -> None:
    assert seconds_to_wait(retry_after, date, NOW) == seconds


@given(st.text(), st.text())
def test_reads_whatever_a_server_sends(retry_after: str, date: str) -> None:
    seconds = seconds_to_wait(retry_after, date, NOW)
    assert seconds is None or seconds >= 0


def test_a_stop_ends_a_pause_and_a_sleep_but_no_turn_that_is_free() -> None:
    clock = Clock()
    pace = pace_of(clock)
    pace.heed(lambda: clock.now_s >= 5)
    answered(pace)
    refused(pace, 60)
    with pytest.raises(ClosedError), pace.turn():
        pass
    assert 5 <= clock.now_s < 6
    pace.sleep(60)
    assert clock.now_s < 6
    later = pace_of(clock)
    later.heed(lambda: True)
    answered(later)


def test_a_sleep_that_nobody_stops_lasts_as_long_as_asked() -> None:
    clock = Clock()
    pace = pace_of(clock)
    pace.heed(lambda: False)
    pace.sleep(7)
    assert clock.now_s == pytest.approx(7)
