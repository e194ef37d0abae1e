"""A clock that is set back: nothing waits until it shows the time again that it had before."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.support.clocked import clocked
from tests.support.dash import Dash
from tests.support.receiver import Receiver, answer
from tests.unit.server.test_throttle import guess_api
from tests.unit.server.test_webhook_delivery import (
    QUICK,
    Clock,
    delivering,
    names_of,
    now_ms,
    statuses,
    subscribe,
    tell,
    until,
)

from kaiten_sync.server.dashboard.git_view import GitView
from kaiten_sync.server.db import webhooks
from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.tables import token, webhook_endpoint
from kaiten_sync.server.web.last_use import LastUse
from kaiten_sync.server.web.throttle import MAX_GUESSES, WAIT_MS

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
PATIENT = replace(QUICK, retry_delays_s=(0.0, 300.0, 300.0), endpoint_delays_s=(900.0,))


def test_what_was_queued_before_a_start_is_delivered(outbox: Database) -> None:
    clock = Clock(now_ms() - HOUR_MS)

    async def deliver(receiver: Receiver) -> None:
        async with delivering(outbox, PATIENT, clock=clock):
            await until(lambda: statuses(outbox) == [("success", 1)] * 3)
        assert names_of(receiver) == ["one", "two", "three"]

    with Receiver() as receiver:
        endpoint_id = subscribe(outbox, receiver.url)
        tell(outbox, "one", "two", "three")
        with outbox.writing() as connection:  # by who was killed
            until_ms = now_ms() + MINUTE_MS
            webhooks.change_endpoint(
                connection, endpoint_id, leased_until=until_ms, failures=1, retry_at=until_ms
            )
        asyncio.run(deliver(receiver))


def test_a_start_takes_no_lease_from_who_may_have_it(outbox: Database) -> None:
    clock = Clock(now_ms() - HOUR_MS)
    endpoint_id = subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one")
    with outbox.writing() as connection:
        until_ms = clock.now_ms + MINUTE_MS
        webhooks.change_endpoint(connection, endpoint_id, leased_until=until_ms)

    async def deliver() -> None:
        async with delivering(outbox, PATIENT, clock=clock):
            await until(lambda: clock.readings > 10)

    asyncio.run(deliver())
    assert statuses(outbox) == [("pending", 0)]
    with outbox.reading() as connection:
        query = select(webhook_endpoint.c.leased_until)
        assert connection.execute(query).scalar_one() == until_ms


@pytest.mark.parametrize("is_restarted", [False, True])
def test_what_failed_waits_no_longer_than_it_was_to_wait(
    outbox: Database, *, is_restarted: bool
) -> None:
    clock = Clock(now_ms())

    async def fail() -> None:
        async with delivering(outbox, PATIENT, clock=clock):
            await until(lambda: statuses(outbox) == [("pending", 1)])
            if not is_restarted:
                await set_back_and_deliver()

    async def deliver() -> None:
        async with delivering(outbox, PATIENT, clock=clock):
            await set_back_and_deliver()

    async def set_back_and_deliver() -> None:
        clock.now_ms -= HOUR_MS
        seen = clock.readings
        await until(lambda: clock.readings > seen + 10)
        clock.now_ms += 300_000 - 1
        seen = clock.readings
        await until(lambda: clock.readings > seen + 10)
        assert statuses(outbox) == [("pending", 1)]
        clock.now_ms += 1
        await until(lambda: statuses(outbox) == [("success", 2)])

    def refuse_once(handler: object, number: int) -> None:
        answer(500 if number == 0 else 204)(handler, number)  # type: ignore[arg-type]

    with Receiver(refuse_once) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        clock.now_ms = now_ms()
        asyncio.run(fail())
        if is_restarted:
            asyncio.run(deliver())


def test_clocks_that_differ_a_little_change_nothing(outbox: Database) -> None:
    endpoint_id = subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one")
    clock = Clock(now_ms() - 5_000)
    with outbox.writing() as connection:
        webhooks.change_endpoint(connection, endpoint_id, failures=1, retry_at=now_ms() + HOUR_MS)

    async def deliver() -> None:
        async with delivering(outbox, PATIENT, clock=clock):
            await until(lambda: clock.readings > 10)

    asyncio.run(deliver())
    assert statuses(outbox) == [("pending", 0)]


def test_guessing_is_forgiven_after_a_minute(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        for _ in range(MAX_GUESSES):
            guess_api(api)
        clock.now_ms -= 5_000  # requests are not counted in the order of their times
        assert guess_api(api) == 429
        clock.now_ms -= HOUR_MS
        assert guess_api(api) == 401
        for _ in range(MAX_GUESSES - 1):
            guess_api(api)
        assert guess_api(api) == 429
        clock.now_ms += WAIT_MS
        assert guess_api(api) == 401


def test_a_session_is_idle_from_its_last_use_on(fresh_url: str) -> None:
    with clocked(fresh_url) as (api, clock):
        dash = Dash(api, "http://localhost")
        dash.sign_in(api.headers["Authorization"].removeprefix("Bearer "))
        clock.now_ms -= HOUR_MS
        dash.see("/")
        clock.now_ms += 31 * MINUTE_MS
        dash.see("/", status=303)


@pytest.mark.parametrize("is_restarted", [False, True])
@pytest.mark.parametrize(
    ("set_back_ms", "shown_ms"), [(HOUR_MS, -HOUR_MS), (MINUTE_MS, -MINUTE_MS), (5_000, 0)]
)
def test_a_token_was_last_used_now(
    outbox: Database, set_back_ms: int, shown_ms: int, *, is_restarted: bool
) -> None:
    used_ms = now_ms()
    with outbox.reading() as connection:
        token_id = connection.execute(select(token.c.id)).scalar_one()
    last_use = LastUse(outbox)
    with last_use.running():
        last_use.note(token_id, used_ms)
    if is_restarted:
        last_use = LastUse(outbox)
    with last_use.running():
        last_use.note(token_id, used_ms - set_back_ms)
    with outbox.reading() as connection:
        stored_ms = connection.execute(select(token.c.last_used_at)).scalar_one()
    assert stored_ms == used_ms + shown_ms


def test_the_plan_of_git_is_made_again() -> None:
    clock = Clock(HOUR_MS)
    runs: list[int] = []

    def make() -> str:
        runs.append(clock.now_ms)
        return "no plan"

    view = GitView(make, clock)
    view.latest(wait_s=60)
    clock.now_ms -= MINUTE_MS
    view.latest(wait_s=60)
    view.latest(wait_s=60)
    assert len(runs) == 2
