"""Where windows begin and end, and what is told when they did. Source: API facts, section 1.6."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.windows import window_at

from kaiten_sync.licensing.aggregation import EMPTY, Counter
from kaiten_sync.licensing.windows import (
    CALENDAR_ORIGIN_MS,
    FIRST_MS,
    LAST_MS,
    MAX_SYNTHETIC_CLOSURES,
    Closure,
    Reading,
    ResetAnchor,
    ResetPeriod,
    Window,
    close_windows,
    read_counter,
)

CALENDAR = ResetAnchor.CALENDAR
LICENSE_START = ResetAnchor.LICENSE_START
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
USED = Counter(9, 2)


def ms(moment: str) -> int:
    """A time without its zone, which is UTC."""
    return (datetime.fromisoformat(moment).replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)


def window(start: str, end: str) -> Window:
    return Window(ms(start), ms(end))


def closed(start: str, end: str, used: Counter = EMPTY) -> Closure:
    return Closure(
        value=used.value,
        event_count=used.event_count,
        closed_period_start=ms(start),
        closed_period_end=ms(end),
        new_period_start=ms(end),
        is_synthetic=used is EMPTY,
    )


def closures(
    period: str,
    stored: str | None,
    now: str,
    *,
    anchor: ResetAnchor = CALENDAR,
    license_start: str = "2026-01-31T10:30",
) -> tuple[Closure, ...]:
    return close_windows(
        ResetPeriod(period),
        anchor,
        ms(license_start),
        ms(now),
        stored_start_ms=None if stored is None else ms(stored),
        stored=USED,
    )


def reading(
    period: str,
    stored: str | None,
    now: str,
    *,
    anchor: ResetAnchor = CALENDAR,
    license_start: str = "2026-01-31T10:30",
) -> Reading:
    return read_counter(
        ResetPeriod(period),
        anchor,
        ms(license_start),
        ms(now),
        stored_start_ms=None if stored is None else ms(stored),
        stored=USED,
    )


def test_the_landmarks_are_the_times_they_claim_to_be() -> None:
    assert ms("2001-01-01T00:00") == CALENDAR_ORIGIN_MS
    assert datetime(2001, 1, 1).isoweekday() == 1
    assert ms("0001-01-01T00:00") == FIRST_MS
    assert ms("9999-12-31T23:59:59.999") == LAST_MS


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        ("HOUR", "2026-02-10T12:00", "2026-02-10T12:00", "2026-02-10T13:00"),
        ("HOUR", "2026-02-10T12:59:59.999", "2026-02-10T12:00", "2026-02-10T13:00"),
        ("HOUR", "1969-12-31T23:59:59.999", "1969-12-31T23:00", "1970-01-01T00:00"),
        ("DAY", "2026-03-29T02:30", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("DAY", "2028-02-29T23:59:59.999", "2028-02-29T00:00", "2028-03-01T00:00"),
        ("WEEK", "2026-02-08T23:59:59.999", "2026-02-02T00:00", "2026-02-09T00:00"),
        ("WEEK", "2026-02-09T00:00", "2026-02-09T00:00", "2026-02-16T00:00"),
        ("WEEK", "2026-01-01T12:00", "2025-12-29T00:00", "2026-01-05T00:00"),
        ("WEEK", "2027-01-03T23:59:59.999", "2026-12-28T00:00", "2027-01-04T00:00"),
        ("WEEK", "2024-12-31T12:00", "2024-12-30T00:00", "2025-01-06T00:00"),
        ("WEEK", "1970-01-01T00:00", "1969-12-29T00:00", "1970-01-05T00:00"),
        ("MONTH", "2026-01-31T23:59:59.999", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("MONTH", "2026-02-28T12:00", "2026-02-01T00:00", "2026-03-01T00:00"),
        ("MONTH", "2028-02-29T12:00", "2028-02-01T00:00", "2028-03-01T00:00"),
        ("MONTH", "2026-12-31T12:00", "2026-12-01T00:00", "2027-01-01T00:00"),
        ("MONTH", "1999-12-31T12:00", "1999-12-01T00:00", "2000-01-01T00:00"),
        ("YEAR", "2026-01-01T00:00", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("YEAR", "2026-12-31T23:59:59.999", "2026-01-01T00:00", "2027-01-01T00:00"),
        ("YEAR", "2000-12-31T12:00", "2000-01-01T00:00", "2001-01-01T00:00"),
    ],
)
def test_windows_of_the_calendar(period: str, now: str, start: str, end: str) -> None:
    for anchor in (CALENDAR, None):
        found = window_at(ResetPeriod(period), anchor, ms("2026-01-31T10:30"), ms(now))
        assert found == window(start, end)


@pytest.mark.parametrize(
    ("period", "license_start", "now", "start", "end"),
    [
        ("HOUR", "2026-01-31T10:30", "2026-02-10T12:29", "2026-02-10T11:30", "2026-02-10T12:30"),
        ("HOUR", "2026-01-31T10:30", "2026-02-10T12:30", "2026-02-10T12:30", "2026-02-10T13:30"),
        ("DAY", "2026-01-31T10:30", "2026-02-10T10:30", "2026-02-10T10:30", "2026-02-11T10:30"),
        ("DAY", "2026-01-31T10:30", "2026-01-31T10:29", "2026-01-30T10:30", "2026-01-31T10:30"),
        ("WEEK", "2026-01-31T10:30", "2026-02-10T12:00", "2026-02-07T10:30", "2026-02-14T10:30"),
        ("WEEK", "2026-12-31T10:30", "2026-12-20T12:00", "2026-12-17T10:30", "2026-12-24T10:30"),
        ("MONTH", "2026-01-15T00:00", "2026-03-14T23:59", "2026-02-15T00:00", "2026-03-15T00:00"),
        ("MONTH", "2026-01-31T10:30", "2026-02-28T10:29", "2026-01-31T10:30", "2026-02-28T10:30"),
        ("MONTH", "2026-01-31T10:30", "2026-02-28T10:30", "2026-02-28T10:30", "2026-03-31T10:30"),
        ("MONTH", "2026-01-31T10:30", "2026-03-31T10:29", "2026-02-28T10:30", "2026-03-31T10:30"),
        ("MONTH", "2026-01-31T10:30", "2026-04-30T10:30", "2026-04-30T10:30", "2026-05-31T10:30"),
        ("MONTH", "2026-01-31T10:30", "2028-02-29T11:00", "2028-02-29T10:30", "2028-03-31T10:30"),
        ("MONTH", "2026-01-31T10:30", "2026-01-30T12:00", "2025-12-31T10:30", "2026-01-31T10:30"),
        ("MONTH", "2026-01-30T00:00", "2026-03-01T00:00", "2026-02-28T00:00", "2026-03-30T00:00"),
        ("MONTH", "2024-02-29T00:00", "2025-03-01T00:00", "2025-02-28T00:00", "2025-03-29T00:00"),
        ("MONTH", "2026-10-31T00:00", "2026-12-15T00:00", "2026-11-30T00:00", "2026-12-31T00:00"),
        ("YEAR", "2026-01-31T10:30", "2027-02-01T00:00", "2027-01-31T10:30", "2028-01-31T10:30"),
        ("YEAR", "2026-07-01T00:00", "2026-06-30T00:00", "2025-07-01T00:00", "2026-07-01T00:00"),
        ("YEAR", "2026-07-15T00:00", "2026-07-14T00:00", "2025-07-15T00:00", "2026-07-15T00:00"),
        ("YEAR", "2024-02-29T09:00", "2025-02-28T08:59", "2024-02-29T09:00", "2025-02-28T09:00"),
        ("YEAR", "2024-02-29T09:00", "2026-02-28T12:00", "2026-02-28T09:00", "2027-02-28T09:00"),
        ("YEAR", "2024-02-29T09:00", "2028-02-28T12:00", "2027-02-28T09:00", "2028-02-29T09:00"),
        ("YEAR", "2024-02-29T09:00", "2028-02-29T09:00", "2028-02-29T09:00", "2029-02-28T09:00"),
        ("YEAR", "2096-02-29T00:00", "2100-03-01T00:00", "2100-02-28T00:00", "2101-02-28T00:00"),
        ("YEAR", "1960-02-29T00:00", "1969-12-31T00:00", "1969-02-28T00:00", "1970-02-28T00:00"),
    ],
)
def test_windows_that_begin_with_the_license(
    period: str, license_start: str, now: str, start: str, end: str
) -> None:
    found = window_at(ResetPeriod(period), LICENSE_START, ms(license_start), ms(now))
    assert found == window(start, end)


@pytest.mark.parametrize("license_start", ["0001-01-01T00:00", "9999-12-31T23:59:59.999"])
@pytest.mark.parametrize("period", ResetPeriod)
@pytest.mark.parametrize("anchor", ResetAnchor)
def test_a_license_may_start_at_any_time_that_a_date_can_say(
    license_start: str, period: ResetPeriod, anchor: ResetAnchor
) -> None:
    now = ms("2026-02-10T12:00")
    found = window_at(period, anchor, ms(license_start), now)
    assert found.start_ms <= now < found.end_ms


@pytest.mark.parametrize(
    "license_start", ["0001-01-01T00:00", "2024-02-29T09:00", "9999-12-31T23:59"]
)
@pytest.mark.parametrize("period", ResetPeriod)
@pytest.mark.parametrize("anchor", ResetAnchor)
@pytest.mark.parametrize("now", [FIRST_MS - 1, FIRST_MS, LAST_MS - 1, LAST_MS, LAST_MS + 1])
def test_windows_end_where_dates_end(
    license_start: str, period: ResetPeriod, anchor: ResetAnchor, now: int
) -> None:
    found = window_at(period, anchor, ms(license_start), now)
    assert FIRST_MS <= found.start_ms < found.end_ms <= LAST_MS
    assert found.start_ms == FIRST_MS if now <= FIRST_MS else found.end_ms == LAST_MS


@pytest.mark.parametrize("period", ResetPeriod)
def test_the_first_window_of_all_is_known_again(period: ResetPeriod) -> None:
    license_start = ms("2024-02-29T09:00")
    first = window_at(period, LICENSE_START, license_start, FIRST_MS)
    found = read_counter(
        period, LICENSE_START, license_start, FIRST_MS, stored_start_ms=FIRST_MS, stored=USED
    )
    assert found == Reading(window=first, counter=USED)


class TestGoingOn:
    def test_in_its_own_window_a_counter_goes_on(self) -> None:
        stored, now = "2026-02-10T00:00", "2026-02-10T23:59:59.999"
        assert closures("DAY", stored, now) == ()
        assert reading("DAY", stored, now) == Reading(
            window=window("2026-02-10T00:00", "2026-02-11T00:00"), counter=USED
        )

    def test_a_window_ahead_of_the_clock_is_gone_on_with(self) -> None:
        stored, now = "2026-02-12T00:00", "2026-02-10T12:00"
        assert closures("DAY", stored, now) == ()
        assert reading("DAY", stored, now) == Reading(
            window=window("2026-02-12T00:00", "2026-02-13T00:00"), counter=USED
        )

    @pytest.mark.parametrize("stored_start_ms", [None, ms("2026-02-10T00:00")])
    def test_what_never_resets_has_no_window_and_closes_none(
        self, stored_start_ms: int | None
    ) -> None:
        now = ms("2036-02-10T12:00")
        found = read_counter(None, None, 0, now, stored_start_ms=stored_start_ms, stored=USED)
        assert found == Reading(window=None, counter=USED)
        assert close_windows(None, None, 0, now, stored_start_ms=stored_start_ms, stored=USED) == ()


class TestClosing:
    def test_a_window_that_ended_is_closed_with_what_was_counted(self) -> None:
        stored, now = "2026-02-10T00:00", "2026-02-11T00:00"
        assert closures("DAY", stored, now) == (closed(stored, now, USED),)
        assert reading("DAY", stored, now) == Reading(
            window=window("2026-02-11T00:00", "2026-02-12T00:00"), counter=EMPTY
        )

    def test_windows_in_which_nothing_was_reported_are_told_too(self) -> None:
        assert closures("MONTH", "2026-02-01T00:00", "2026-05-02T00:00") == (
            closed("2026-02-01T00:00", "2026-03-01T00:00", USED),
            closed("2026-03-01T00:00", "2026-04-01T00:00"),
            closed("2026-04-01T00:00", "2026-05-01T00:00"),
        )

    def test_skipped_months_of_a_license_keep_its_day(self) -> None:
        found = closures("MONTH", "2026-01-31T10:30", "2026-05-01T00:00", anchor=LICENSE_START)
        assert found == (
            closed("2026-01-31T10:30", "2026-02-28T10:30", USED),
            closed("2026-02-28T10:30", "2026-03-31T10:30"),
            closed("2026-03-31T10:30", "2026-04-30T10:30"),
        )

    def test_an_empty_counter_is_closed_as_a_real_one(self) -> None:
        (found,) = close_windows(
            ResetPeriod.DAY,
            CALENDAR,
            0,
            ms("2026-02-11T00:00"),
            stored_start_ms=ms("2026-02-10T00:00"),
            stored=EMPTY,
        )
        assert not found.is_synthetic

    def test_a_counter_that_had_no_window_is_closed_without_bounds(self) -> None:
        now = "2026-02-10T12:00"
        assert closures("DAY", None, now) == (
            Closure(
                value=9,
                event_count=2,
                closed_period_start=None,
                closed_period_end=None,
                new_period_start=ms("2026-02-10T00:00"),
                is_synthetic=False,
            ),
        )
        assert reading("DAY", None, now).counter == EMPTY

    @pytest.mark.parametrize(
        ("stored", "now", "new_start"),
        [
            ("2026-02-10T08:00", "2026-02-10T12:00", "2026-02-10T10:30"),
            ("2026-01-01T08:00", "2026-02-10T12:00", "2026-02-10T10:30"),
            ("2026-02-10T11:00", "2026-02-10T12:00", "2026-02-10T10:30"),
            ("2026-02-14T08:00", "2026-02-10T12:00", "2026-02-10T10:30"),
        ],
    )
    def test_a_license_that_starts_at_another_time_closes_a_window_without_an_end(
        self, stored: str, now: str, new_start: str
    ) -> None:
        assert closures("DAY", stored, now, anchor=LICENSE_START) == (
            Closure(
                value=9,
                event_count=2,
                closed_period_start=ms(stored),
                closed_period_end=None,
                new_period_start=ms(new_start),
                is_synthetic=False,
            ),
        )
        found = reading("DAY", stored, now, anchor=LICENSE_START)
        assert found.counter == EMPTY
        assert found.window is not None
        assert found.window.start_ms == ms(new_start)

    def test_a_license_that_moved_by_whole_windows_changes_nothing(self) -> None:
        stored, now = "2026-02-10T10:30", "2026-02-10T12:00"
        found = closures("DAY", stored, now, anchor=LICENSE_START, license_start="2026-02-03T10:30")
        assert found == ()


class TestManyWindows:
    def test_all_are_told_up_to_the_bound(self) -> None:
        start = ms("2026-01-01T00:00")
        hours = MAX_SYNTHETIC_CLOSURES + 1
        found = close_windows(
            ResetPeriod.HOUR,
            CALENDAR,
            0,
            start + hours * 3_600_000,
            stored_start_ms=start,
            stored=USED,
        )
        assert len(found) == hours
        assert found[0].new_period_start == found[1].closed_period_start

    @pytest.mark.parametrize("years", [10, 2000])
    def test_beyond_the_bound_the_newest_are_told(self, years: int) -> None:
        now = f"{2026 + years}-01-01T00:00"
        real, *skipped = closures("HOUR", "2026-01-01T00:00", now)
        assert real == closed("2026-01-01T00:00", "2026-01-01T01:00", USED)
        assert len(skipped) == MAX_SYNTHETIC_CLOSURES
        assert all(closure.is_synthetic for closure in skipped)
        assert skipped[-1].new_period_start == ms(now)
        assert skipped[0].closed_period_start == ms(now) - MAX_SYNTHETIC_CLOSURES * 3_600_000
