"""Whatever the period and the anchor: windows tile time, and closures lead from one to the next."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.support.windows import window_at

from kaiten_sync.licensing.aggregation import EMPTY, Counter
from kaiten_sync.licensing.windows import (
    DAY_MS,
    FIRST_MS,
    HOUR_MS,
    LAST_MS,
    MAX_SYNTHETIC_CLOSURES,
    WEEK_MS,
    ResetAnchor,
    ResetPeriod,
    close_windows,
    read_counter,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_MS = {
    ResetPeriod.HOUR: HOUR_MS,
    ResetPeriod.DAY: DAY_MS,
    ResetPeriod.WEEK: WEEK_MS,
    ResetPeriod.MONTH: 31 * DAY_MS,
    ResetPeriod.YEAR: 366 * DAY_MS,
}

periods = st.sampled_from(ResetPeriod)
anchors = st.sampled_from(ResetAnchor)
any_time = st.integers(FIRST_MS, LAST_MS - 1)
real_time = st.integers(0, 4_102_444_800_000)
month_ends = st.builds(
    lambda month, days_before, ms: (
        (date(1970 + month // 12, month % 12 + 1, 1) - date(1970, 1, 1 + days_before)).days * DAY_MS
        + ms
    ),
    st.integers(1, 1500),
    st.integers(0, 3),
    st.integers(0, DAY_MS - 1),
)
license_starts = any_time | month_ends
counters = st.builds(Counter, st.floats(-1e9, 1e9), st.integers(1, 1000))


def said(at_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at_ms)


@given(periods, anchors, license_starts, any_time)
def test_a_window_contains_its_time_and_is_as_long_as_its_period(
    period: ResetPeriod, anchor: ResetAnchor, license_start: int, now: int
) -> None:
    window = window_at(period, anchor, license_start, now)
    assert window.start_ms <= now < window.end_ms
    assert window.end_ms - window.start_ms <= LONGEST_MS[period]
    assert said(window.start_ms) < said(window.end_ms)


@given(periods, anchors, license_starts, real_time)
def test_windows_tile_time(
    period: ResetPeriod, anchor: ResetAnchor, license_start: int, now: int
) -> None:
    window = window_at(period, anchor, license_start, now)
    before = window_at(period, anchor, license_start, window.start_ms - 1)
    after = window_at(period, anchor, license_start, window.end_ms)
    assert before.end_ms == window.start_ms
    assert after.start_ms == window.end_ms
    for moment in (window.start_ms, window.end_ms - 1):
        assert window_at(period, anchor, license_start, moment) == window


@given(periods, real_time, real_time)
def test_a_window_begins_with_the_license(
    period: ResetPeriod, license_start: int, other: int
) -> None:
    window = window_at(period, ResetAnchor.LICENSE_START, license_start, license_start)
    assert window.start_ms == license_start
    assert window_at(period, ResetAnchor.CALENDAR, license_start, other) == window_at(
        period, ResetAnchor.CALENDAR, 0, other
    )


@given(st.sampled_from([ResetPeriod.MONTH, ResetPeriod.YEAR]), license_starts, real_time)
def test_months_and_years_begin_on_the_day_of_the_license_or_the_last_before_it(
    period: ResetPeriod, license_start: int, now: int
) -> None:
    start = said(window_at(period, ResetAnchor.LICENSE_START, license_start, now).start_ms)
    origin = said(license_start)
    assert start.time() == origin.time()
    assert start.day == origin.day or (
        start.day < origin.day and (start + timedelta(days=1)).day == 1
    )
    assert period is ResetPeriod.MONTH or start.month == origin.month


@given(periods, real_time)
def test_the_calendar_is_the_one_of_dates(period: ResetPeriod, now: int) -> None:
    moment = said(now)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    expected = {
        ResetPeriod.HOUR: moment.replace(minute=0, second=0, microsecond=0),
        ResetPeriod.DAY: midnight,
        ResetPeriod.WEEK: midnight - timedelta(days=moment.weekday()),
        ResetPeriod.MONTH: midnight.replace(day=1),
        ResetPeriod.YEAR: midnight.replace(day=1, month=1),
    }
    assert said(window_at(period, ResetAnchor.CALENDAR, 0, now).start_ms) == expected[period]


@given(periods, anchors, license_starts, real_time, st.integers(0, 50), counters)
def test_closures_lead_from_the_stored_window_to_the_present_one(
    period: ResetPeriod,
    anchor: ResetAnchor,
    license_start: int,
    stored_at: int,
    windows_later: int,
    stored: Counter,
) -> None:
    now = stored_at + windows_later * LONGEST_MS[period]
    first = window_at(period, anchor, license_start, stored_at)
    present = window_at(period, anchor, license_start, now)
    told = close_windows(
        period, anchor, license_start, now, stored_start_ms=first.start_ms, stored=stored
    )
    assert bool(told) == (first != present)
    for closure in told:
        assert closure.closed_period_end == closure.new_period_start
    for earlier, later in pairwise(told):
        assert earlier.new_period_start == later.closed_period_start
        assert later.is_synthetic
        assert (later.value, later.event_count) == (0, 0)
    if told:
        assert told[0].closed_period_start == first.start_ms
        assert not told[0].is_synthetic
        assert (told[0].value, told[0].event_count) == (stored.value, stored.event_count)
        assert told[-1].new_period_start == present.start_ms


@given(periods, anchors, license_starts, any_time, st.none() | any_time, counters)
def test_whatever_is_stored_is_either_shown_or_closed_once(
    period: ResetPeriod,
    anchor: ResetAnchor,
    license_start: int,
    now: int,
    stored_start: int | None,
    stored: Counter,
) -> None:
    reading = read_counter(
        period, anchor, license_start, now, stored_start_ms=stored_start, stored=stored
    )
    told = close_windows(
        period, anchor, license_start, now, stored_start_ms=stored_start, stored=stored
    )
    assert reading.window is not None
    assert len(told) <= MAX_SYNTHETIC_CLOSURES + 1
    assert sum(not closure.is_synthetic for closure in told) == (1 if told else 0)
    if told:
        assert reading.counter == EMPTY
        assert reading.window == window_at(period, anchor, license_start, now)
        assert told[-1].new_period_start == reading.window.start_ms
    else:
        assert reading.counter == stored
        assert reading.window.start_ms == stored_start


@given(periods, anchors, license_starts, any_time, st.none() | any_time, counters)
def test_a_rollover_is_told_only_once(
    period: ResetPeriod,
    anchor: ResetAnchor,
    license_start: int,
    now: int,
    stored_start: int | None,
    stored: Counter,
) -> None:
    reading = read_counter(
        period, anchor, license_start, now, stored_start_ms=stored_start, stored=stored
    )
    assert reading.window is not None
    again = reading.window.start_ms
    counter = reading.counter
    assert not close_windows(
        period, anchor, license_start, now, stored_start_ms=again, stored=counter
    )
    assert reading == read_counter(
        period, anchor, license_start, now, stored_start_ms=again, stored=counter
    )
