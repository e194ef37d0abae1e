"""Usage that starts again: windows, and how they are closed, at times of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.clocked import Clock, clocked
from tests.support.metering import Meter, done, metered, milliseconds, opened, pair

from kaiten_sync.licensing.windows import MAX_SYNTHETIC_CLOSURES
from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.usage import UsagePair, forget_reports
from kaiten_sync.server.db.usage_batch import take_turns

ROLLED = "USAGE_PERIOD_ROLLED_OVER"
ACCEPTED = "USAGE_REPORT_ACCEPTED"


@pytest.fixture
def clock_and_meter(database_url: str) -> Iterator[tuple[Clock, Meter]]:
    with clocked(database_url) as (api, clock):
        clock.set("2026-02-10T12:00:00Z")
        yield clock, metered(api, database_url)


@pytest.fixture
def clock(clock_and_meter: tuple[Clock, Meter]) -> Clock:
    return clock_and_meter[0]


@pytest.fixture
def meter(clock_and_meter: tuple[Clock, Meter]) -> Meter:
    return clock_and_meter[1]


def window(usage: dict[str, str]) -> tuple[str, str]:
    ends = usage["currentPeriodStart"], usage["currentPeriodEnd"]
    assert all(end.endswith(":00.000Z") for end in ends)
    return ends[0].removesuffix(":00.000Z"), ends[1].removesuffix(":00.000Z")


def closures(meter: Meter) -> list[tuple[str | None, str | None, str, float, int, bool]]:
    """Start, end and what followed, without what all have in common; then what was counted."""
    found = []
    for row in meter.usage_events():
        if row.name.endswith("ROLLED_OVER"):
            told = row.payload
            assert told["entitlement_slug"] == "calls"
            assert told["instance_id"] == meter.instance_id
            moments = (
                told[name] and told[name].removesuffix(":00.000Z")
                for name in ("closed_period_start", "closed_period_end", "new_period_start")
            )
            found.append((*moments, told["value"], told["event_count"], told["is_synthetic"]))
    return found


def forget(meter: Meter, *, before_ms: int, limit: int) -> int:
    with opened(meter.database_url) as database, database.writing() as connection:
        return forget_reports(connection, before_ms, limit)


@pytest.mark.parametrize(
    ("period", "moment", "start", "end"),
    [
        ("HOUR", "2026-02-10T12:00:00Z", "2026-02-10T12:00", "2026-02-10T13:00"),
        ("HOUR", "2026-02-10T12:59:59.999Z", "2026-02-10T12:00", "2026-02-10T13:00"),
        ("DAY", "2026-03-29T02:30:00Z", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("WEEK", "2026-02-08T23:59:59.999Z", "2026-02-02T00:00", "2026-02-09T00:00"),
        ("WEEK", "2026-02-09T00:00:00Z", "2026-02-09T00:00", "2026-02-16T00:00"),
        ("MONTH", "2026-01-31T23:59:59Z", "2026-01-01T00:00", "2026-02-01T00:00"),
        ("MONTH", "2028-02-29T12:00:00Z", "2028-02-01T00:00", "2028-03-01T00:00"),
        ("YEAR", "2026-12-31T23:59:59Z", "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_calendar_windows(
    meter: Meter, clock: Clock, period: str, moment: str, start: str, end: str
) -> None:
    meter.grant(10, resetPeriod=period)
    clock.set(moment)
    assert window(meter.count(1)) == (start, end)
    assert window(meter.read()) == (start, end)


@pytest.mark.parametrize(
    ("period", "moment", "start", "end"),
    [
        ("HOUR", "2026-02-10T12:29:00Z", "2026-02-10T11:30", "2026-02-10T12:30"),
        ("DAY", "2026-02-10T10:30:00Z", "2026-02-10T10:30", "2026-02-11T10:30"),
        ("DAY", "2026-01-31T10:29:59Z", "2026-01-30T10:30", "2026-01-31T10:30"),
        ("WEEK", "2026-02-10T12:00:00Z", "2026-02-07T10:30", "2026-02-14T10:30"),
        ("MONTH", "2026-02-28T10:29:00Z", "2026-01-31T10:30", "2026-02-28T10:30"),
        ("MONTH", "2026-02-28T10:30:00Z", "2026-02-28T10:30", "2026-03-31T10:30"),
        ("MONTH", "2026-04-30T10:30:00Z", "2026-04-30T10:30", "2026-05-31T10:30"),
        ("MONTH", "2028-02-29T11:00:00Z", "2028-02-29T10:30", "2028-03-31T10:30"),
        ("MONTH", "2026-01-30T12:00:00Z", "2025-12-31T10:30", "2026-01-31T10:30"),
        ("YEAR", "2027-02-01T00:00:00Z", "2027-01-31T10:30", "2028-01-31T10:30"),
    ],
)
def test_windows_that_begin_with_the_license(
    meter: Meter, clock: Clock, period: str, moment: str, start: str, end: str
) -> None:
    meter.grant(10, resetPeriod=period, resetAnchor="LICENSE_START")
    clock.set(moment)
    assert window(meter.count(1)) == (start, end)
    assert window(meter.read()) == (start, end)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2026-02-28T12:00:00Z", "2026-02-28T09:00", "2027-02-28T09:00"),
        ("2028-02-28T12:00:00Z", "2027-02-28T09:00", "2028-02-29T09:00"),
        ("2028-02-29T09:00:00Z", "2028-02-29T09:00", "2029-02-28T09:00"),
    ],
)
def test_a_license_of_a_leap_day_has_years(
    database_url: str, moment: str, start: str, end: str
) -> None:
    with clocked(database_url) as (api, clock):
        meter = metered(api, database_url, start="2024-02-29T09:00:00Z")
        meter.grant(10, resetPeriod="YEAR", resetAnchor="LICENSE_START")
        clock.set(moment)
        assert window(meter.count(1)) == (start, end)


def test_what_never_resets_has_no_window(meter: Meter, clock: Clock) -> None:
    meter.grant(10)
    meter.count(3)
    clock.set("2036-02-10T12:00:00Z")
    usage = meter.count(1)
    assert pair(usage) == (4, 2)
    assert not any(name.startswith("currentPeriod") for name in usage)
    assert [counter.period_start for counter in meter.counters()] == [None]


def test_the_first_report_of_a_window_starts_at_zero(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="DAY")
    meter.count(4, 5)
    clock.set("2026-02-10T23:59:59.999Z")
    assert meter.total(1) == (10, 3)
    clock.set("2026-02-11T00:00:00Z")
    assert meter.total(2) == (2, 1)
    assert closures(meter) == [
        ("2026-02-10T00:00", "2026-02-11T00:00", "2026-02-11T00:00", 10, 3, False)
    ]
    assert meter.names()[-2:] == [ROLLED, ACCEPTED]


def test_windows_in_which_nothing_was_reported_are_told_too(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="MONTH")
    meter.count(4)
    clock.set("2026-05-02T00:00:00Z")
    assert meter.total(1) == (1, 1)
    assert closures(meter) == [
        ("2026-02-01T00:00", "2026-03-01T00:00", "2026-03-01T00:00", 4, 1, False),
        ("2026-03-01T00:00", "2026-04-01T00:00", "2026-04-01T00:00", 0, 0, True),
        ("2026-04-01T00:00", "2026-05-01T00:00", "2026-05-01T00:00", 0, 0, True),
    ]
    assert meter.names() == [ACCEPTED, *[ROLLED] * 3, ACCEPTED]


def test_of_very_many_skipped_windows_the_newest_are_told(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="HOUR")
    meter.count(4)
    clock.set("2027-02-10T12:00:00Z")
    assert meter.total(1) == (1, 1)
    first, *rest = closures(meter)
    assert first[3:] == (4, 1, False)
    assert len(rest) == MAX_SYNTHETIC_CLOSURES
    assert rest[-1][:3] == ("2027-02-10T11:00", "2027-02-10T12:00", "2027-02-10T12:00")


def test_a_stale_window_reads_as_nothing_without_a_write(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="DAY", groupSlugs=[])
    meter.api.post("/entitlement-groups", json={"name": "Quotas"})
    meter.api.post("/entitlement-groups/quotas/entitlements", json={"entitlementSlug": "calls"})
    meter.count(4)
    before = meter.counters()
    clock.set("2026-02-12T12:00:00Z")
    usage = meter.read()
    assert pair(usage) == (0, 0)
    assert window(usage) == ("2026-02-12T00:00", "2026-02-13T00:00")
    assert meter.api.get("/instances/main/entitlements/usage").json() == [usage]
    (member,) = meter.api.get("/entitlement-groups/quotas/usage?instance=main").json()
    assert member["usageValue"] == usage["value"]
    assert window(member) == window(usage)
    assert meter.counters() == before
    assert closures(meter) == []


def test_a_refused_report_closes_a_window_all_the_same(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="DAY")
    meter.count(4)
    clock.set("2026-02-11T12:00:00Z")
    assert meter.report(11).status_code == 409
    assert meter.report(11).status_code == 409
    assert len(closures(meter)) == 1
    assert meter.names() == [ACCEPTED, ROLLED, *["USAGE_REPORT_REJECTED"] * 2]
    assert pair(meter.read()) == (0, 0)
    (counter,) = meter.counters()
    assert (counter.value, counter.event_count, counter.report_seq) == (0, 0, 1)
    assert meter.total(1) == (1, 1)


def test_alerts_fire_again_in_a_new_window(meter: Meter, clock: Clock) -> None:
    meter.grant(10, overage=100, resetPeriod="DAY", warningThresholdPercent=50)
    meter.count(12)
    clock.set("2026-02-11T12:00:00Z")
    meter.count(12)
    alerts = ["CAP_EXCEEDED", "USAGE_WARNING_THRESHOLD_REACHED"]
    assert meter.names() == [ACCEPTED, *alerts, ROLLED, ACCEPTED, *alerts]


def test_a_repeated_report_of_a_closed_window_is_answered_and_closes_nothing(
    meter: Meter, clock: Clock
) -> None:
    meter.grant(10, resetPeriod="DAY")
    first = meter.report(4, transactionId="k")
    clock.set("2026-02-11T12:00:00Z")
    again = meter.report(4, transactionId="k")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert meter.names() == [ACCEPTED]


def test_a_key_is_remembered_for_35_days(meter: Meter, clock: Clock) -> None:
    meter.grant(10)
    meter.count(1, transactionId="k")
    clock.set("2026-03-17T12:00:00Z")
    assert meter.report(1, transactionId="k").headers.get("Idempotent-Replayed") == "true"
    clock.set("2026-03-17T12:00:00.001Z")
    assert meter.total(2, transactionId="k") == (3, 2)
    assert [(row.value, row.report_seq) for row in meter.reports()] == [(2, 2)]


def test_old_keys_are_forgotten_in_batches_oldest_first(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        meter = metered(api, fresh_url)
        meter.grant(10)
        for day in range(1, 6):
            clock.set(f"2026-03-0{day}T12:00:00Z")
            meter.count(1, transactionId=f"k{day}")
        clock.set("2026-03-04T12:00:00Z")
        assert forget(meter, before_ms=clock.now_ms, limit=2) == 2
        assert {row.transaction_id for row in meter.reports()} == {"k3", "k4", "k5"}
        assert forget(meter, before_ms=clock.now_ms, limit=2) == 1
        assert forget(meter, before_ms=clock.now_ms, limit=2) == 0
        assert {row.transaction_id for row in meter.reports()} == {"k4", "k5"}
        assert meter.total(1, transactionId="k1") == (6, 6)


def test_a_counter_that_never_reset_is_closed_without_bounds(meter: Meter) -> None:
    meter.grant(10)
    meter.count(4, 5)
    body = {"name": "calls", "description": None, "type": "NUMBER", "resetPeriod": "DAY"}
    assert meter.api.put("/entitlements/calls", json=body).status_code == 204
    assert pair(meter.read()) == (0, 0)
    assert meter.total(1) == (1, 1)
    assert closures(meter) == [(None, None, "2026-02-10T00:00", 9, 2, False)]


def test_a_license_that_starts_at_another_time_closes_a_window_without_an_end(
    meter: Meter,
) -> None:
    meter.grant(10, resetPeriod="DAY", resetAnchor="LICENSE_START")
    meter.count(4)
    meter.write_instance(start_license_date=milliseconds("2026-01-31T08:00:00Z"))
    assert pair(meter.read()) == (0, 0)
    assert meter.total(1) == (1, 1)
    assert closures(meter) == [("2026-02-10T10:30", None, "2026-02-10T08:00", 4, 1, False)]


def test_a_window_ahead_of_the_clock_is_gone_on_with(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="DAY")
    clock.set("2026-02-12T12:00:00Z")
    meter.count(4)
    clock.set("2026-02-11T23:59:00Z")
    assert pair(meter.read()) == (4, 1)
    usage = meter.count(1)
    assert pair(usage) == (5, 2)
    assert window(usage) == ("2026-02-12T00:00", "2026-02-13T00:00")
    assert closures(meter) == []


def test_lists_show_a_window_ahead_of_the_clock_too(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="DAY")
    clock.set("2026-02-12T12:00:00Z")
    usage = meter.count(4)
    clock.set("2026-02-11T23:59:00Z")
    assert meter.api.get("/instances/main/entitlements/usage").json() == [usage]


def test_who_waits_for_a_counter_counts_at_the_time_it_is_then(meter: Meter, clock: Clock) -> None:
    meter.grant(10, resetPeriod="HOUR")
    meter.count(1)
    entitlement_id = meter.counters()[0].entitlement_id
    later_ms = clock.now_ms + milliseconds("1970-01-01T02:00:00Z")
    with ThreadPoolExecutor(1) as pool:
        with opened(meter.database_url) as database, database.writing() as counting:
            take_turns(
                counting, [UsagePair(instance_id=meter.instance_id, entitlement_id=entitlement_id)]
            )
            waiting = pool.submit(meter.report, 2)
            if database.is_postgresql:
                _wait_for_somebody_who_waits(database)
            clock.now_ms = later_ms
        assert pair(done(waiting.result()).json()) == (2, 1)
    assert meter.usage_events()[-1].occurred_at == later_ms


def _wait_for_somebody_who_waits(database: Database) -> None:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    while True:
        with database.reading() as connection:
            if connection.exec_driver_sql(query).scalar_one():
                return
