"""Reports and usage over time: counted along with the counter, day by day, and kept for a year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from alembic import command
from sqlalchemy import Table, delete, func, select
from tests.support.clocked import Clock, clocked
from tests.support.dash import Dash
from tests.support.html import Html
from tests.support.metering import Meter, metered, opened

from kaiten_sync.licensing.windows import DAY_MS
from kaiten_sync.server.db.migrate import alembic_config, migrate
from kaiten_sync.server.db.tables import report_day, session, usage_day
from kaiten_sync.server.events.sweep import sweep

_TODAY = date(2026, 6, 20)
_SHOWN = 30
_MINUTE_MS = 60_000


@dataclass
class Scene:
    """An instance `main` and its dashboard, and the clock of both, which begins on `_TODAY`."""

    meter: Meter
    dash: Dash
    clock: Clock

    def at(self, days_ago: int, time: str = "12:00:00") -> None:
        """Set the clock to a time of a day before today."""
        self.clock.set(f"{_TODAY - timedelta(days=days_ago)}T{time}Z")

    def sign_in(self) -> None:
        """Look at the dashboard today."""
        self.at(0)
        self.dash.sign_in(self.meter.api.headers["Authorization"].removeprefix("Bearer "))

    def used(self, path: str = "/entitlements/calls/usage") -> dict[int, str]:
        """What the page's first table of days says of one meter, by how many days ago."""
        return {ago: cells[0] for ago, cells in self._days(path)[0].items()}

    def reported(self, path: str = "/") -> dict[int, tuple[str, str]]:
        """Days with reports, accepted and refused, as the page's last table of days says."""
        counted = {ago: (cells[0], cells[1]) for ago, cells in self._days(path)[-1].items()}
        return {ago: cells for ago, cells in counted.items() if cells != ("0", "0")}

    def _days(self, path: str) -> list[dict[int, list[str]]]:
        self.sign_in()
        rows = Html(self.dash.see(path)).rows()
        dated = [row for row in rows if _is_day(row)]
        tables = [dated[start : start + _SHOWN] for start in range(0, len(dated), _SHOWN)]
        return [{(_TODAY - date.fromisoformat(row[0])).days: row[1:] for row in t} for t in tables]


def _is_day(row: list[str]) -> bool:
    """Whether a row of a table counts something on a day. Old events begin with a date as well."""
    is_dated = row[0].startswith("2026-") and len(row[0]) == 10
    return is_dated and all(cell[:1].isdigit() or cell == "–" for cell in row[1:])


@pytest.fixture
def scene(fresh_url: str) -> Iterator[Scene]:
    with clocked(fresh_url) as (api, clock):
        clock.set("2026-03-01T00:00:00Z")
        meter = metered(api, fresh_url, start="2026-01-01T00:00:00Z")
        yield Scene(meter, Dash(api, "http://localhost"), clock)


def test_reports_are_counted_on_the_day_that_they_came_in(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.meter.grant(10, "seats")
    scene.at(3, "23:59:59")
    scene.meter.count(4, 5)
    scene.at(2, "00:00:00")
    assert scene.meter.report(2).status_code == 409
    scene.meter.count(1, slug="seats")
    assert scene.reported() == {3: ("2", "0"), 2: ("1", "1")}
    assert scene.reported("/entitlements/calls/usage") == {3: ("2", "0"), 2: ("0", "1")}


def test_reports_of_more_than_a_month_ago_are_not_shown(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.at(_SHOWN)
    scene.meter.count(1)
    scene.at(_SHOWN - 1)
    scene.meter.count(1)
    assert scene.reported() == {_SHOWN - 1: ("1", "0")}


def test_what_nothing_resets_stays_until_more_is_used(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.at(4)
    scene.meter.count(3)
    scene.at(1)
    scene.meter.count(4)
    used = scene.used()
    assert [used[ago] for ago in (5, 4, 3, 2, 1, 0)] == [
        *("0 (0 %)", "3 (30 %)", "3 (30 %)", "3 (30 %)", "7 (70 %)", "7 (70 %)")
    ]


def test_what_was_used_before_is_where_the_month_begins(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.at(_SHOWN + 10)
    scene.meter.count(3)
    assert set(scene.used().values()) == {"3 (30 %)"}
    scene.at(5)
    scene.meter.count(1)
    assert {scene.used()[6], scene.used()[5]} == {"3 (30 %)", "4 (40 %)"}


def test_a_window_that_ended_leaves_nothing(scene: Scene) -> None:
    scene.meter.grant(10, resetPeriod="WEEK")
    scene.at(6, "10:00:00")  # 2026-06-14, a Sunday
    scene.meter.count(8)
    used = scene.used()
    assert [used[ago] for ago in (7, 6, 5)] == ["0 (0 %)", "8 (80 %)", "0 (0 %)"]


def test_the_most_of_a_day_is_shown_and_not_its_last(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.at(3)
    scene.meter.count(6)
    scene.at(2)
    scene.meter.count(9, 1, behavior="set")
    scene.at(1)
    scene.meter.count(2, behavior="set")
    used = scene.used()
    assert [used[ago] for ago in (3, 2, 1, 0)] == ["6 (60 %)", "9 (90 %)", "2 (20 %)", "2 (20 %)"]


def test_a_refused_report_uses_nothing(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.at(1)
    scene.meter.report(11)
    assert set(scene.used().values()) == {"0 (0 %)"}


def test_an_instance_shows_its_fullest_entitlements_over_time(scene: Scene) -> None:
    for number in range(7):
        scene.meter.grant(10, f"e{number}")
    scene.meter.grant(-1, "endless")
    scene.at(1)
    for number in range(7):
        scene.meter.count(number, slug=f"e{number}")
    scene.meter.count(99, slug="endless")
    assert scene.used("/instances/main")[1] == "6 (60 %)"
    page = Html(scene.dash.see("/instances/main"))
    amounts = [each for each in page.all("th") if each.get("class") == "amount"]
    heads = ["".join(each.itertext()).strip() for each in amounts]
    assert heads[-5:] == ["e6", "e5", "e4", "e3", "e2"]


def test_what_is_older_than_a_year_and_a_month_is_forgotten(scene: Scene) -> None:
    scene.meter.grant(10)
    scene.meter.count(1)
    scene.at(0)
    scene.meter.count(1)
    counts = _left_after(scene, usage_day, 0, 300 * DAY_MS, 402 * DAY_MS)
    assert counts == [2, 1, 0]
    assert _left_after(scene, report_day, 402 * DAY_MS) == [0]
    assert scene.used()[0] == "2 (20 %)"


def test_sessions_that_nobody_uses_are_forgotten(scene: Scene) -> None:
    scene.sign_in()
    assert _left_after(scene, session, 29 * _MINUTE_MS, 31 * _MINUTE_MS) == [1, 0]


def test_a_database_from_before_tells_what_its_events_and_counters_know(scene: Scene) -> None:
    scene.meter.grant(10)
    # The migration looks back from the machine's own clock.
    scene.clock.now_ms = _midday_ms()
    scene.meter.count(2)
    scene.meter.report(20)
    scene.clock.now_ms += DAY_MS
    scene.meter.count(3)
    with opened(scene.meter.database_url) as database:
        with database.migrating() as connection:
            connection.execute(delete(usage_day))
            command.downgrade(alembic_config(connection), "0003")
        migrate(database)
        with database.reading() as connection:
            days = connection.execute(select(usage_day).order_by(usage_day.c.day)).all()
    told = [(day.accepted, day.refused, day.highest, day.value) for day in days]
    assert told == [(1, 1, None, None), (1, 0, None, 5)]
    assert days[1].day == days[0].day + 1


def _left_after(scene: Scene, table: Table, *later_ms: int) -> list[int]:
    """How many rows are left after sweeping at each of these times after the clock's."""
    counts = []
    with opened(scene.meter.database_url) as database:
        for ms in later_ms:
            list(sweep(database, scene.clock.now_ms + ms))
            with database.reading() as connection:
                query = select(func.count()).select_from(table)
                counts.append(connection.execute(query).scalar_one())
    return counts


def _midday_ms() -> int:
    """Noon of the day before yesterday by the machine's clock."""
    today = date.today() - timedelta(days=2)
    return (today - date(1970, 1, 1)).days * DAY_MS + DAY_MS // 2
