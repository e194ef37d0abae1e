"""What has expired is deleted in small steps, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import event as hooks
from sqlalchemy import insert, select
from tests.support.embedded import EmbeddedServer
from tests.support.metering import Meter, metered, opened

from kaiten_sync.licensing import DAY_MS
from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.tables import event
from kaiten_sync.server.events.sweep import sweep
from kaiten_sync.server.service.work import new_id

KEPT_DAYS = 90
OLD = 2_500
"""More than two batches."""


@dataclass
class Scene:
    meter: Meter
    database: Database
    now_ms: int

    def names(self) -> list[str]:
        with self.database.reading() as connection:
            return list(connection.execute(select(event.c.name)).scalars())


@pytest.fixture
def scene(server: EmbeddedServer, api: httpx.Client) -> Iterator[Scene]:
    meter = metered(api, server.database_url)
    meter.grant(10)
    meter.total(1, 2)
    with opened(server.database_url) as database:
        with database.reading() as connection:
            newest = connection.execute(select(event.c.occurred_at)).scalars()
            now_ms = max(newest)
        yield Scene(meter, database, now_ms)


def test_reports_expire_and_what_people_did_stays(scene: Scene) -> None:
    before = scene.names()
    assert any("USAGE_REPORT" in name for name in before)
    usage = scene.meter.counters()
    later_ms = scene.now_ms + (KEPT_DAYS + 1) * DAY_MS
    list(sweep(scene.database, later_ms))
    assert scene.names() == before  # for ever, unless the operator says how long
    list(sweep(scene.database, scene.now_ms + (KEPT_DAYS - 1) * DAY_MS, KEPT_DAYS))
    assert scene.names() == before
    list(sweep(scene.database, later_ms, KEPT_DAYS))
    assert scene.names() == [name for name in before if "USAGE" not in name]
    assert scene.meter.counters() == usage


def test_no_step_deletes_more_than_a_batch(scene: Scene) -> None:
    copies(scene, OLD)
    others = len(list(sweep(scene.database, scene.now_ms)))
    steps = list(sweep(scene.database, scene.now_ms + (KEPT_DAYS + 1) * DAY_MS, KEPT_DAYS))
    assert max(steps) == 1000
    assert len(steps) > others
    assert sum(steps) >= OLD


@pytest.mark.parametrize("database", ["sqlite"], indirect=True, scope="session")
def test_a_step_looks_at_no_more_than_what_is_old(scene: Scene) -> None:
    """A look at every row would hold SQLite's only lock for seconds where there are millions.

    In PostgreSQL a reader holds no lock, and the planner goes by statistics.
    """
    said: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        if statement.startswith("DELETE"):
            said.append((statement, given))

    hooks.listen(scene.database.engine, "before_cursor_execute", note)
    list(sweep(scene.database, scene.now_ms, KEPT_DAYS))
    hooks.remove(scene.database.engine, "before_cursor_execute", note)
    with scene.database.reading() as connection:
        plans = {
            statement: [
                row.detail
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            ]
            for statement, given in said
        }
    whole = ("SCAN event", "SCAN webhook_delivery", "SCAN usage_report", "SCAN entitlement_usage")
    for statement, plan in plans.items():
        assert not [step for step in plan if step.startswith(whole)], (statement, plan)


def copies(scene: Scene, count: int) -> None:
    """So many more reports at the time of the last one."""
    with scene.database.writing() as connection:
        found = connection.execute(select(event).order_by(event.c.seq.desc()).limit(1)).one()
        row = dict(zip(event.columns.keys(), found, strict=True))
        del row["seq"]
        connection.execute(insert(event), [{**row, "id": new_id()} for _ in range(count)])
