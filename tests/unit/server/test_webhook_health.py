"""Endpoints that keep failing: they wait as a whole, delay nobody, and are paused in the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select, update
from tests.support.dash import at_dashboard
from tests.support.embedded import EmbeddedServer
from tests.support.html import Html
from tests.support.receiver import Receiver, answer
from tests.unit.server.test_webhook_delivery import (
    Clock,
    delivering,
    names_of,
    now_ms,
    statuses,
    subscribe,
    tell,
    until,
)

from kaiten_sync.server.db import webhooks
from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.tables import event, webhook_delivery, webhook_endpoint
from kaiten_sync.server.domain.webhooks import (
    MAX_ASKED_S,
    PAUSE_AFTER_MS,
    EndpointHealth,
    asked_wait_s,
    due_after,
)
from kaiten_sync.server.events.delivery import DeliverySettings

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
ENDPOINT_WAIT_S = 60.0
AT_ONCE = DeliverySettings(
    retry_delays_s=(0.0,) * 1000, endpoint_delays_s=(ENDPOINT_WAIT_S,), poll_s=0.01
)


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        return int(placeholder.getsockname()[1])


def attempts_at(database: Database, endpoint_id: str) -> int:
    with database.reading() as connection:
        total = select(func.sum(webhook_delivery.c.attempts)).where(
            webhook_delivery.c.endpoint_id == endpoint_id
        )
        return int(connection.execute(total).scalar_one())


def status_of(database: Database, endpoint_id: str) -> str:
    with database.writing() as connection:
        found = webhooks.lock_endpoint(connection, endpoint_id)
    assert found
    return found.status


def events_of(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(select(event.c.name).order_by(event.c.seq)).scalars())


def test_dead_endpoints_are_tried_once_and_delay_nobody(outbox: Database, closed_port: int) -> None:
    names = [f"event-{number}" for number in range(20)]
    clock = Clock(now_ms())

    async def deliver(live: Receiver) -> None:
        async with delivering(outbox, AT_ONCE, clock=clock):
            await until(lambda: len(live.deliveries) == len(names))
            await until(lambda: all(attempts_at(outbox, each) == 1 for each in dead))
            seen = clock.readings
            await until(lambda: clock.readings > seen + 50)  # it has looked again and again

    with Receiver() as live:
        dead = [subscribe(outbox, f"http://127.0.0.1:{closed_port}/") for _ in range(49)]
        subscribe(outbox, live.url)
        tell(outbox, *names)
        clock.now_ms = now_ms()
        asyncio.run(deliver(live))
        assert names_of(live) == names
    assert [attempts_at(outbox, each) for each in dead] == [1] * 49


def test_silent_endpoints_leave_room_for_live_ones(outbox: Database) -> None:
    small = DeliverySettings(endpoints_at_once=3, failing_at_once=1, poll_s=0.01)

    async def deliver(live: Receiver) -> None:
        async with delivering(outbox, small):
            await until(lambda: len(live.deliveries) == 10)

    with socket.create_server(("127.0.0.1", 0)) as silent, Receiver() as live:
        for _ in range(5):  # they accept connections and never answer
            subscribe(outbox, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        with outbox.writing() as connection:
            connection.execute(update(webhook_endpoint).values(failures=1, failing_since=1))
        subscribe(outbox, live.url)
        tell(outbox, *(f"event-{number}" for number in range(10)))
        asyncio.run(deliver(live))


def test_an_endpoint_that_answers_with_errors_waits_after_five_and_recovers(
    outbox: Database,
) -> None:
    names = [f"event-{number:02}" for number in range(20)]
    clock = Clock(now_ms())

    async def deliver(receiver: Receiver) -> None:
        async with delivering(outbox, AT_ONCE, clock=clock):
            await until(lambda: attempts_at(outbox, endpoint_id) == 5)
            seen = clock.readings
            await until(lambda: clock.readings > seen + 50)
            assert len(receiver.deliveries) == 5
            clock.now_ms += int(ENDPOINT_WAIT_S * 1000)
            await until(lambda: attempts_at(outbox, endpoint_id) == 6)
            receiver.behave = answer(204)
            clock.now_ms += int(ENDPOINT_WAIT_S * 1000)
            await until(lambda: [status for status, _ in statuses(outbox)] == ["success"] * 20)

    with Receiver(answer(500)) as receiver:
        endpoint_id = subscribe(outbox, receiver.url)
        tell(outbox, *names)
        clock.now_ms = now_ms()
        asyncio.run(deliver(receiver))
        assert sorted(set(names_of(receiver))) == names
    assert status_of(outbox, endpoint_id) == "active"


@pytest.mark.parametrize(("status", "wait_s"), [(429, 90), (503, 90), (503, 7_200)])
def test_an_endpoint_that_asks_to_wait_is_left_alone_until_then(
    outbox: Database, status: int, wait_s: int
) -> None:
    names = ["one", "two", "three"]
    clock = Clock(now_ms())

    async def deliver(receiver: Receiver) -> None:
        async with delivering(outbox, AT_ONCE, clock=clock):
            await until(lambda: attempts_at(outbox, endpoint_id) == 1)
            receiver.behave = answer(204)
            clock.now_ms += int(min(wait_s, MAX_ASKED_S)) * 1000 - 1
            seen = clock.readings
            await until(lambda: clock.readings > seen + 50)
            assert len(receiver.deliveries) == 1
            clock.now_ms += 1
            await until(lambda: [status for status, _ in statuses(outbox)] == ["success"] * 3)

    with Receiver(answer(status, **{"Retry-After": str(wait_s)})) as receiver:
        endpoint_id = subscribe(outbox, receiver.url)
        tell(outbox, *names)
        clock.now_ms = now_ms()
        asyncio.run(deliver(receiver))
        assert names_of(receiver) == ["one", *names]
    assert status_of(outbox, endpoint_id) == "active"


def test_a_short_wait_that_is_asked_for_ends_no_longer_one() -> None:
    health = EndpointHealth(failures=50, failing_since=7)
    after = health.after_failure(1000, is_answered=True, asked_s=2, delays_s=(1, 3))
    assert after.retry_at == 4000
    assert due_after(1, 1000, (0, 5), asked_s=2) == 6000
    assert due_after(1, 1000, (0, 5), asked_s=7) == 8000
    assert due_after(2, 1000, (0, 5), asked_s=7) is None


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEARD = "Sun, 01 Mar 2026 06:00:00 GMT"


@pytest.mark.parametrize(
    ("retry_after", "date", "seconds"),
    [
        *((None, None, 0), ("", None, 0), ("soon", None, 0), ("120, 240", None, 0)),
        *(("0", None, 0), ("120", None, 120), (" 120 ", HEARD, 120), ("-120", None, 0)),
        *(("3601", None, 3600), ("9" * 5000, None, 3600), ("1e400", None, 0), ("nan", None, 0)),
        *(("1_0", None, 0), ("\u0661", None, 0), ("\u00b2", None, 0), ("inf", None, 0)),
        ("Sun, 01 Mar 2026 12:02:00 GMT", None, 120),
        ("Sunday, 01-Mar-26 12:02:00 GMT", None, 120),
        ("Sun Mar  1 12:02:00 2026", None, 120),
        ("Sun, 01 Mar 2026 11:58:00 GMT", None, 0),
        ("Sun, 01 Mar 2026 06:02:00 GMT", HEARD, 120),
        ("Sun, 01 Mar 2026 12:02:00 GMT", "yesterday", 120),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None, 3600),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", 3600),
        ("Sun, 01 Mar 99999999999999999999 12:00:00 GMT", None, 0),
    ],
)
def test_what_a_receiver_asks_for(retry_after: str | None, date: str | None, seconds: int) -> None:
    assert asked_wait_s(retry_after, date, NOON) == seconds


def test_nobody_looks_before_something_may_be_sent(outbox: Database, closed_port: int) -> None:
    endpoint_id = subscribe(outbox, f"http://127.0.0.1:{closed_port}/")
    tell(outbox, "one", "two")
    with outbox.writing() as connection:
        later = now_ms() + DAY_MS
        webhooks.change_endpoint(connection, endpoint_id, failures=1, retry_at=later)
        assert webhooks.next_due(connection) == later
        assert webhooks.due_endpoints(connection, later - 1, 9, failing=True) == []
        assert webhooks.due_endpoints(connection, later, 9, failing=True) == [endpoint_id]
        webhooks.change_endpoint(connection, endpoint_id, paused_at=1)
        assert webhooks.next_due(connection) is None
        assert webhooks.due_endpoints(connection, later, 9, failing=True) == []


@pytest.mark.parametrize(
    ("failures", "is_answered", "wait_s"),
    [
        *((0, False, 1), (1, False, 2), (2, False, 3), (50, False, 3)),
        *((0, True, 0), (3, True, 0), (4, True, 1), (5, True, 2), (50, True, 3)),
    ],
)
def test_the_waits_grow(failures: int, is_answered: bool, wait_s: int) -> None:
    health = EndpointHealth(failures=failures, failing_since=7 if failures else None)
    after = health.after_failure(1000, is_answered=is_answered, delays_s=(1, 2, 3))
    assert after.retry_at == 1000 + wait_s * 1000
    assert after.failures == failures + 1
    assert after.failing_since == (7 if failures else 1000)


@pytest.mark.parametrize(
    ("failures", "failing_ms", "is_paused"),
    [(11, PAUSE_AFTER_MS, True), (11, PAUSE_AFTER_MS - 1, False), (10, PAUSE_AFTER_MS, False)],
)
def test_when_it_is_paused(failures: int, failing_ms: int, is_paused: bool) -> None:
    health = EndpointHealth(failures=failures, failing_since=1)
    after = health.after_failure(1 + failing_ms, is_answered=True)
    assert (after.paused_at is not None, after.status == "paused") == (is_paused, is_paused)


def test_an_endpoint_that_fails_for_days_is_paused_with_an_event(
    outbox: Database, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(now_ms())
    # The clock does not wait for attempts: if their lease ended meanwhile, they were made twice.
    leased = replace(AT_ONCE, lease_s=365 * DAY_MS / 1000)

    def is_paused_an_hour_later() -> bool:
        clock.now_ms += HOUR_MS
        return status_of(outbox, endpoint_id) == "paused"

    async def deliver() -> None:
        async with delivering(outbox, leased, clock=clock):
            await until(is_paused_an_hour_later)

    endpoint_id = subscribe(outbox, f"http://127.0.0.1:{closed_port}/")
    tell(outbox, "one", "two")
    clock.now_ms = now_ms()
    asyncio.run(deliver())
    assert events_of(outbox)[-1] == "WEBHOOK_PAUSED"
    assert {status for status, _ in statuses(outbox)} == {"fail"}
    assert f"webhook {endpoint_id} is paused" in caplog.text
    tell(outbox, "three")
    assert len(statuses(outbox)) == 2  # nothing is queued for it meanwhile


@pytest.fixture
def paused(tmp_path: Path) -> Iterator[tuple[EmbeddedServer, httpx.Client, Receiver, str]]:
    """A server with a webhook that is paused, its API, the receiver, and the webhook's path."""
    with EmbeddedServer(tmp_path) as server, Receiver() as receiver:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
            body = {"url": receiver.url, "eventNames": ["CUSTOMER_CREATED", "WEBHOOK_RESUMED"]}
            made = api.post("/webhooks", json=body).json()
            assert "pausedAt" not in made
            with server._side_door.writing() as connection:
                values = {"failures": 99, "failing_since": 1, "paused_at": 2}
                connection.execute(update(webhook_endpoint).values(values))
            yield server, api, receiver, f"/webhooks/{made['id']}"


def test_the_api_shows_and_resumes_what_is_paused(
    paused: tuple[EmbeddedServer, httpx.Client, Receiver, str],
) -> None:
    _, api, receiver, path = paused
    shown = api.get(path).json()
    assert shown["pausedAt"] == "1970-01-01T00:00:00.002Z"
    assert api.get("/webhooks").json()["items"][0]["pausedAt"] == shown["pausedAt"]
    api.post("/customers", json={"name": "Lost"})
    assert api.get("/webhooks/history").json()["history"] == []
    assert api.put(path, json=shown).status_code == 204
    api.post("/customers", json={"name": "Delivered"})
    receiver.wait_for(2)
    assert "pausedAt" not in api.get(path).json()
    names = [each["eventName"] for each in api.get("/webhooks/history").json()["history"]]
    assert sorted(names) == ["CUSTOMER_CREATED", "WEBHOOK_RESUMED"]


def test_the_dashboard_shows_and_resumes_what_is_paused(
    paused: tuple[EmbeddedServer, httpx.Client, Receiver, str],
) -> None:
    server, api, receiver, path = paused
    with at_dashboard(server.url, server.token) as dash:
        assert "paused" in Html(dash.see("/webhooks")).text
        page = Html(dash.see(path))
        assert "paused since 1970-01-01" in page.text
        assert dash.do(f"{path}/resume") == f"{path}?done=resumed"
        assert "paused" not in Html(dash.see(path)).text
    receiver.wait_for(1)
    assert "pausedAt" not in api.get(path).json()


def test_nothing_is_repeated_to_a_paused_endpoint(
    paused: tuple[EmbeddedServer, httpx.Client, Receiver, str],
) -> None:
    server, api, receiver, path = paused
    assert api.put(path, json=api.get(path).json()).status_code == 204
    receiver.wait_for(1)
    delivery = api.get("/webhooks/history").json()["history"][0]
    with server._side_door.writing() as connection:
        connection.execute(update(webhook_endpoint).values(paused_at=2))
    with at_dashboard(server.url, server.token) as dash:
        refused = dash.send(f"{path}/deliveries/{delivery['id']}/retry")
        assert refused.status_code == 409
        assert "resume it first" in refused.text
