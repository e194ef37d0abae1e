"""What is full, over all instances: no counter of a window that ended, whatever its window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, select, update
from tests.support.clocked import Clock, clocked
from tests.support.metering import Meter, add_instance, done, metered, opened, path
from tests.support.windows import window_at

from kaiten_sync.licensing.windows import DAY_MS, ResetAnchor, ResetPeriod, end_of_window
from kaiten_sync.server.db.counter_pages import METER_SORTS
from kaiten_sync.server.db.saturation import CounterFilter
from kaiten_sync.server.db.sums import count_counters
from kaiten_sync.server.db.tables import event, grant, instance, usage
from kaiten_sync.server.domain.saturation import FULL_BANDS, Band
from kaiten_sync.server.service.audit import recent_events
from kaiten_sync.server.service.saturation import Meter as ShownMeter
from kaiten_sync.server.service.saturation import (
    list_counters,
    list_full,
    list_meters,
    meters_of_instance,
)
from kaiten_sync.server.service.work import Caller, Work

INSTANCES = 12
_FULL = set(FULL_BANDS)
_KINDS = [None, *((period, anchor) for period in ResetPeriod for anchor in ResetAnchor)]


@dataclass(frozen=True)
class Scene:
    """An organization whose instances have a counter of each kind of window.

    Every second one has a license that grants less.
    """

    meter: Meter
    clock: Clock
    organization_id: str
    ids: dict[str, str]

    def work(self, connection: Connection, now_ms: int) -> Work:
        """What use cases work with, at a time."""
        caller = Caller(
            account_id="", account_name="", organization_id=self.organization_id, scopes=frozenset()
        )
        return Work(connection=connection, caller=caller, now_ms=now_ms, random_hex=lambda: "")


@pytest.fixture(scope="module")
def scene(database_url: str) -> Iterator[Scene]:
    with clocked(database_url) as (api, clock):
        clock.set("2026-02-28T12:00:00Z")
        meter = metered(api, database_url)
        for kind in _KINDS:
            terms: dict[str, Any] = (
                {} if kind is None else {"resetPeriod": kind[0], "resetAnchor": kind[1]}
            )
            meter.grant(10, _slug(kind), **terms)
        ids = {"main": meter.instance_id}
        ids.update((f"i{n}", add_instance(api, f"i{n}")) for n in range(1, INSTANCES))
        for slug in ids:
            for kind in _KINDS:
                done(api.post(path(_slug(kind), slug), json={"value": 10}))
        small = _small_license(api)
        with opened(database_url) as database, database.writing() as connection:
            half = list(ids.values())[1::2]
            count_counters(connection, half, -1)
            moved = update(instance).where(instance.c.id.in_(half)).values(license_id=small)
            connection.execute(moved)
            theirs = update(usage).where(usage.c.instance_id.in_(half)).values(license_id=small)
            connection.execute(theirs)
            count_counters(connection, half)
        with opened(database_url) as database, database.reading() as connection:
            mine = select(instance.c.organization_id).where(instance.c.id == meter.instance_id)
            organization_id = connection.execute(mine).scalar_one()
        # With no transaction open: PostgreSQL ends one that is idle for long.
        yield Scene(meter, clock, organization_id, ids)


def _small_license(api: httpx.Client) -> str:
    """Another license, which grants less of each. Gives its id."""
    small: str = done(api.post("/licenses", json={"name": "Small", "type": "PAID"})).json()["id"]
    for kind in _KINDS:
        granted = {"entitlementSlug": _slug(kind), "value": {"type": "number", "value": 3}}
        done(api.post("/licenses/small/entitlements", json=granted))
    return small


def _slug(kind: tuple[ResetPeriod, ResetAnchor] | None) -> str:
    return "lifetime" if kind is None else f"{kind[0]}-{kind[1]}".lower().replace("_", "-")


_moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(
    lambda moment: int(moment.replace(tzinfo=UTC).timestamp() * 1000)
)
_ends_of_months = st.builds(
    lambda year, month, day, rest: (
        int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000 + rest
    ),
    st.integers(2023, 2029),
    st.sampled_from([1, 2, 3, 4, 12]),
    st.sampled_from([1, 2, 3, 28]),
    st.sampled_from([0, 1, DAY_MS - 1, 37_800_000]),
)


@st.composite
def _counters(draw: st.DrawFn) -> tuple[int, list[int], list[tuple[int, float]]]:
    """A time, when licenses start, and the age and value of each counter."""
    now_ms = draw(_ends_of_months)
    long_ends = _ends_of_months.map(lambda at: at - 3 * DAY_MS)
    starts = draw(
        st.lists(_moments | _ends_of_months | long_ends, min_size=INSTANCES, max_size=INSTANCES)
    )
    age = st.integers(-40 * DAY_MS, 400 * DAY_MS) | st.sampled_from([0, 1, DAY_MS, 31 * DAY_MS])
    value = st.sampled_from([-3.0, 0.0, 7.0, 8.0, 9.5, 10.0, 11.0, 1e300])
    total = INSTANCES * len(_KINDS)
    counters = draw(st.lists(st.tuples(age, value), min_size=total, max_size=total))
    return now_ms, starts, counters


@given(drawn=_counters(), band=st.sampled_from((None, *Band)))
@settings(
    max_examples=12,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_the_fullest_are_those_that_every_counter_read_one_by_one_gives(
    scene: Scene, drawn: tuple[int, list[int], list[tuple[int, float]]], band: Band | None
) -> None:
    now_ms, starts, counters = drawn
    with _undone(scene.meter.database_url) as connection:
        entitlement_ids = _write(connection, scene, now_ms, starts, counters)
        work = scene.work(connection, now_ms)
        each = [m for slug in scene.ids for m in meters_of_instance(work, slug)]
        full = [m for m in each if m.saturation and m.saturation.band in _FULL]
        bands = Counter(m.saturation.band for m in each if m.saturation)
        for limit in (3, len(each)):
            shown, counts = list_full(work, limit)
            assert counts == {band: bands[band] if full else 0 for band in FULL_BANDS}
            assert _ratios(shown) == _ratios(full)[:limit]
            assert {_key(m) for m in shown} <= {_key(m) for m in full}
        for kind in _KINDS:
            of_kind = [m for m in each if m.row.entitlement_slug == _slug(kind)]
            listed = list_meters(work, entitlement_ids[_slug(kind)], None, INSTANCES)
            assert [m.ratio for m in listed.rows] == _ratios(of_kind)
        wanted = CounterFilter(band=band)
        fit = [m for m in each if m.saturation and band in (None, m.saturation.band)]
        assert [m.ratio or 0.0 for m in _all_pages(work, wanted, 20)] == _ratios(fit)


@pytest.mark.parametrize("stored", [-1e301, -7.0, -4.0, 0.0, 2.0, 7.0])
@pytest.mark.parametrize("threshold", [-1e300, -5, 0, 3, 1e300])
def test_a_window_that_ended_is_in_the_band_that_it_shows(
    scene: Scene, threshold: float, stored: float
) -> None:
    now_ms = scene.clock.now_ms
    ages = [40 * DAY_MS, 0] * (INSTANCES * len(_KINDS) // 2)
    with _undone(scene.meter.database_url) as connection:
        _write(connection, scene, now_ms, [now_ms] * INSTANCES, [(age, stored) for age in ages])
        granted = {"type": "number", "value": threshold}
        connection.execute(update(grant).values(value=granted))
        work = scene.work(connection, now_ms)
        each = [m for slug in scene.ids for m in meters_of_instance(work, slug)]
        for band in Band:
            fit = {_key(m) for m in each if m.saturation and m.saturation.band is band}
            assert {*map(_key, _all_pages(work, CounterFilter(band=band), 500))} == fit


@pytest.mark.parametrize("license_slug", [None, "small"])
@pytest.mark.parametrize("sort", METER_SORTS)
def test_every_order_lists_the_same_counters(
    scene: Scene, sort: str, license_slug: str | None
) -> None:
    with opened(scene.meter.database_url) as database, database.reading() as connection:
        work = scene.work(connection, scene.clock.now_ms)
        for band in (None, *Band):
            wanted = CounterFilter(band=band, license_slug=license_slug)
            by_fullness, total = list_counters(work, wanted, None, 500)
            for order in (sort, f"-{sort}"):
                sorted_so, again = list_counters(work, wanted, None, 500, order)
                assert len(by_fullness.rows) == total == again
                assert {*map(_key, sorted_so.rows)} == {*map(_key, by_fullness.rows)}
                paged = _all_pages(work, wanted, 29, order)
                assert [*map(_key, paged)] == [*map(_key, sorted_so.rows)]
        entitlement_id = _id_of(scene, "lifetime")
        rows = list_meters(work, entitlement_id, None, INSTANCES, sort).rows
        assert {_key(each)[0] for each in rows} == {*scene.ids}
        first = list_meters(work, entitlement_id, None, INSTANCES // 2, sort)
        rest = list_meters(work, entitlement_id, first.next, INSTANCES, sort)
        assert [*map(_key, (*first.rows, *rest.rows))] == [*map(_key, rows)]


def _all_pages(work: Work, wanted: CounterFilter, limit: int, sort: str = "") -> list[ShownMeter]:
    """The counters of all pages, of which the last one may not be full."""
    page, total = list_counters(work, wanted, None, limit, sort)
    found = [*page.rows]
    while page.next is not None:
        page, total = list_counters(work, wanted, page.next, limit, sort)
        found += page.rows
        assert page.rows
        assert len(found) <= total
    assert len({_key(meter) for meter in found}) == len(found) == total
    return found


@pytest.mark.parametrize("day", ["01", "02", "03"])
def test_counters_of_last_month_hide_nothing(scene: Scene, day: str) -> None:
    now_ms = int(datetime.fromisoformat(f"2026-03-{day}T09:00:00Z").timestamp() * 1000)
    total = INSTANCES * len(_KINDS)
    with _undone(scene.meter.database_url) as connection:
        _write(connection, scene, now_ms, [now_ms - 59 * DAY_MS] * INSTANCES, [(0, 0.0)] * total)
        monthly = usage.c.entitlement_id == _id_of(scene, "month-calendar")
        ended = window_at(ResetPeriod.MONTH, None, 0, now_ms - 20 * DAY_MS)
        window = {"period_start": ended.start_ms, "window_end": ended.end_ms}
        connection.execute(update(usage).where(monthly).values(value=10, **window))
        lifetime = usage.c.entitlement_id == _id_of(scene, "lifetime")
        mine = usage.c.instance_id == scene.meter.instance_id
        connection.execute(update(usage).where(lifetime, mine).values(value=9.5))
        (shown,), _ = list_full(scene.work(connection, now_ms), 2)
        assert (shown.row.entitlement_slug, shown.ratio) == ("lifetime", 0.95)


def test_events_of_one_millisecond_are_listed_newest_first(scene: Scene) -> None:
    with _undone(scene.meter.database_url) as connection:
        connection.execute(update(event).values(occurred_at=1))
        found = recent_events(scene.work(connection, 2), 50)
    assert [row.seq for row in found] == sorted((row.seq for row in found), reverse=True)


def _id_of(scene: Scene, slug: str) -> str:
    found: str = scene.meter.api.get(f"/entitlements/{slug}").json()["id"]
    return found


def _ratios(meters: list[ShownMeter]) -> list[float]:
    return sorted((m.ratio or 0.0 for m in meters), reverse=True)


def _key(meter: ShownMeter) -> tuple[str, str]:
    return meter.row.instance_slug, meter.row.entitlement_slug


def _write(
    connection: Connection,
    scene: Scene,
    now_ms: int,
    starts: list[int],
    counters: list[tuple[int, float]],
) -> dict[str, str]:
    """Gives instances and counters these values. Returns the ids of the entitlements."""
    work = scene.work(connection, now_ms)
    entitlement_ids = {}
    rows = iter(counters)
    for (slug, instance_id), start_ms in zip(scene.ids.items(), starts, strict=True):
        mine = instance.c.id == instance_id
        connection.execute(update(instance).where(mine).values(start_license_date=start_ms))
        changes = []
        for meter, kind in zip(
            meters_of_instance(work, slug), sorted(_KINDS, key=_slug), strict=True
        ):
            age_ms, value = next(rows)
            entitlement_ids[_slug(kind)] = meter.row.entitlement_id
            stored = ends = None
            if kind is not None:
                started = window_at(*kind, start_ms, now_ms - age_ms).start_ms
                stored = now_ms if age_ms == 1 else started
                ends = end_of_window(*kind, start_ms, stored)
            changes.append(
                {
                    "e": meter.row.entitlement_id,
                    "v": value,
                    "p": stored,
                    "end": ends,
                }
            )
        statement = (
            update(usage)
            .where(usage.c.instance_id == instance_id, usage.c.entitlement_id == bindparam("e"))
            .values(value=bindparam("v"), period_start=bindparam("p"), window_end=bindparam("end"))
        )
        connection.execute(statement, changes)
    return entitlement_ids


class _Undo(Exception):  # noqa: N818  it is no error
    pass


@contextmanager
def _undone(database_url: str) -> Iterator[Connection]:
    """A transaction that leaves nothing behind."""
    with opened(database_url) as database, suppress(_Undo), database.writing() as connection:
        yield connection
        raise _Undo
