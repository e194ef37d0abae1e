"""Deliveries to a real receiver: signed, repeated, in order, and never where they must not go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from kaitencloud.webhooks import verify_webhook
from sqlalchemy import select, update
from tests.support.databases import Cluster
from tests.support.embedded import EmbeddedServer
from tests.support.outbox import TOKEN
from tests.support.processes import HANG_S
from tests.support.receiver import Behave, Receiver, answer
from tests.support.server_process import ServerProcess

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db import webhooks
from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.tables import organization, token, webhook_delivery
from kaiten_sync.server.domain.addresses import Address
from kaiten_sync.server.domain.events import GROUP_CREATED
from kaiten_sync.server.domain.webhooks import RETRY_DELAYS_S, due_after, new_secret
from kaiten_sync.server.events.delivery import DeliverySettings, DeliveryWorker, Lease
from kaiten_sync.server.events.sender import Attempt, Message, Sender
from kaiten_sync.server.events.sweep import sweep
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.work import Caller, Work, new_id
from kaiten_sync.server.settings import ServerStartError

QUICK = DeliverySettings(retry_delays_s=(0.0, 0.01, 0.02, 0.03, 0.04, 0.05), poll_s=0.05)
NEVER_S = 10 * HANG_S
"""Longer than any test waits."""

MORE_THAN_THREADS = 40
"""More names than an event loop has threads for."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Clock:
    """A clock that stands still until it is moved, and counts its readings."""

    now_ms: int
    readings: int = 0

    def __call__(self) -> int:
        self.readings += 1
        return self.now_ms


def subscribe(database: Database, url: str) -> str:
    """An endpoint for new groups. Gives its id."""
    endpoint_id = new_id()
    with database.writing() as connection:
        row = webhooks.EndpointRow(
            id=endpoint_id,
            organization_id=connection.execute(select(organization.c.id)).scalar_one(),
            url=url,
            event_types=[GROUP_CREATED.type],
            secret=new_secret(),
            created_at=now_ms(),
            updated_at=now_ms(),
        )
        webhooks.add_endpoint(connection, row)
    return endpoint_id


def tell(database: Database, *names: str) -> None:
    for name in names:
        with database.writing() as connection:
            org = connection.execute(select(organization.c.id)).scalar_one()
            caller = Caller(
                account_id="a", account_name="a", organization_id=org, scopes=frozenset()
            )
            work = Work(
                connection=connection, caller=caller, now_ms=now_ms(), random_hex=lambda: "0"
            )
            emit(work, GROUP_CREATED, {"id": name, "name": name, "description": None})


def statuses(database: Database) -> list[tuple[str, int]]:
    with database.reading() as connection:
        rows = connection.execute(
            select(webhook_delivery.c.status, webhook_delivery.c.attempts).order_by(
                webhook_delivery.c.event_seq
            )
        )
        return [(row.status, row.attempts) for row in rows]


@contextlib.asynccontextmanager
async def delivering(
    database: Database,
    settings: DeliverySettings = QUICK,
    *,
    timeout_s: float = NEVER_S,
    clock: Callable[[], int] = now_ms,
) -> AsyncIterator[DeliveryWorker]:
    sender = Sender(allow_private=True, timeout_s=timeout_s)
    worker = DeliveryWorker(database, sender, clock, settings)
    async with worker.running():
        yield worker


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANG_S):
        while not await asyncio.to_thread(check):
            await asyncio.sleep(0.01)


def deliver_until(
    database: Database,
    check: Callable[[], bool],
    settings: DeliverySettings = QUICK,
    timeout_s: float = NEVER_S,
) -> None:
    async def run() -> None:
        async with delivering(database, settings, timeout_s=timeout_s):
            await until(check)

    asyncio.run(run())


def names_of(receiver: Receiver) -> list[str]:
    return [json.loads(delivery.body)["data"]["name"] for delivery in receiver.deliveries]


def test_a_delivery_is_signed_as_the_sdk_wants_it(server: EmbeddedServer) -> None:
    headers = {"Authorization": f"Bearer {server.new_organization()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api, Receiver() as receiver:
        endpoint = api.post(
            "/webhooks",
            json={"url": receiver.url + "?x=1", "eventNames": ["ENTITLEMENT_GROUP_CREATION"]},
        ).json()
        group = api.post("/entitlement-groups", json={"name": "Größe"}).json()
        api.put(f"/entitlement-groups/{group['slug']}", json={"name": "No", "description": None})
        delivery = receiver.wait_for(1)[0]
        event: Any = verify_webhook(
            delivery.body, delivery.headers, secret=endpoint["signingSecret"]
        )
        assert (event.name, event.data.name) == ("ENTITLEMENT_GROUP_CREATED", "Größe")
        assert json.loads(delivery.body).keys() == {"name", "type", "data"}
        assert delivery.path == "/hook?x=1"
        assert delivery.headers["host"] == f"127.0.0.1:{receiver.port}"
        for name in ("id", "timestamp", "signature"):
            assert delivery.headers[f"svix-{name}"] == delivery.headers[f"webhook-{name}"]

        def history() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = api.get("/webhooks/history").json()["history"]
            return found

        asyncio.run(until(lambda: history()[0]["status"] != "pending"))
        (entry,) = history()
        assert entry["hookId"] == endpoint["id"]
        assert (entry["status"], entry["responseStatusCode"], entry["attempts"]) == (
            "success",
            204,
            1,
        )
        assert entry["eventType"] == "com.kaiten.entitlement_group.v1.created"
        assert api.get("/webhooks/history?status=fail").json()["history"] == []
        assert len(receiver.deliveries) == 1


def test_the_server_delivers_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    never_looks = partial(DeliveryWorker, settings=DeliverySettings(poll_s=NEVER_S))
    monkeypatch.setattr("kaiten_sync.server.app.DeliveryWorker", never_looks)
    with EmbeddedServer(tmp_path) as server, Receiver() as receiver:
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
            body = {"url": receiver.url, "eventNames": ["ENTITLEMENT_GROUP_CREATED"]}
            assert api.post("/webhooks", json=body).status_code == 201
            for count in (1, 2):
                api.post("/entitlement-groups", json={"name": "Quotas"})
                receiver.wait_for(count)


def test_the_retry_table() -> None:
    assert list(RETRY_DELAYS_S) == [0, 5, 300, 1800, 7200, 28800]
    assert [due_after(n, 0) for n in range(7)] == [
        0, 5_000, 300_000, 1_800_000, 7_200_000, 28_800_000, None,
    ]  # fmt: skip


@pytest.mark.parametrize("status", [500, 404, 302, 199 + 201])
def test_what_is_no_success_is_tried_six_times(outbox: Database, status: int) -> None:
    with Receiver(answer(status, Location="http://127.0.0.1:1/elsewhere")) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        deliver_until(outbox, lambda: statuses(outbox) == [("fail", 6)])
        ids = {delivery.headers["svix-id"] for delivery in receiver.deliveries}
        assert (len(receiver.deliveries), len(ids)) == (6, 1)


def test_a_delivery_that_failed_comes_again_and_the_next_do_not_wait(outbox: Database) -> None:
    def behave(handler: BaseHTTPRequestHandler, number: int) -> None:
        answer(503 if number == 0 else 200)(handler, number)

    clock = Clock(now_ms())
    later = DeliverySettings(retry_delays_s=(0.0, 60.0), poll_s=0.01)

    async def deliver(receiver: Receiver) -> None:
        async with delivering(outbox, later, clock=clock):
            await until(lambda: sorted(statuses(outbox))[1:] == [("success", 1)] * 2)
            assert names_of(receiver) == ["one", "two", "three"]
            clock.now_ms += 60_000
            await until(lambda: len(receiver.deliveries) == 4)

    with Receiver(behave) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one", "two", "three")
        clock.now_ms = now_ms()
        asyncio.run(deliver(receiver))
        assert names_of(receiver) == ["one", "two", "three", "one"]
        ids = [delivery.headers["svix-id"] for delivery in receiver.deliveries]
        assert ids[0] == ids[3]


def test_events_come_in_their_order(outbox: Database) -> None:
    names = [f"event-{number:03}" for number in range(60)]
    with Receiver() as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, *names)
        deliver_until(outbox, lambda: len(receiver.deliveries) == 60)
        assert names_of(receiver) == names


def stall(handler: BaseHTTPRequestHandler, _number: int) -> None:
    receiver: Receiver = handler.server.receiver  # type: ignore[attr-defined]
    receiver.stopped.wait()


def endless(handler: BaseHTTPRequestHandler, _number: int) -> None:
    handler.send_response(200)
    handler.end_headers()
    receiver: Receiver = handler.server.receiver  # type: ignore[attr-defined]
    while not receiver.stopped.is_set():
        handler.wfile.write(b"x" * 65_536)


def drip(handler: BaseHTTPRequestHandler, _number: int) -> None:
    """An answer whose head never ends, a byte at a time."""
    receiver: Receiver = handler.server.receiver  # type: ignore[attr-defined]
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not receiver.stopped.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def rubbish(handler: BaseHTTPRequestHandler, _number: int) -> None:
    handler.wfile.write(b"\x00\xff not HTTP at all\r\n\r\n")


@pytest.mark.parametrize("behave", [stall, drip, rubbish])
def test_a_bad_receiver_is_a_failure_and_no_more(outbox: Database, behave: Behave) -> None:
    once = DeliverySettings(retry_delays_s=(0.0,), poll_s=0.05)
    with Receiver(behave) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        deliver_until(outbox, lambda: statuses(outbox) == [("fail", 1)], once, timeout_s=0.3)


def cut_off(handler: BaseHTTPRequestHandler, _number: int) -> None:
    """An answer whose body ends early."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"taken")


def never_ending(handler: BaseHTTPRequestHandler, _number: int) -> None:
    """An answer whose body begins and does not go on."""
    cut_off(handler, _number)
    handler.wfile.flush()
    stall(handler, _number)


@pytest.mark.parametrize("behave", [cut_off, never_ending])
def test_a_status_counts_whatever_becomes_of_the_body(outbox: Database, behave: Behave) -> None:
    with Receiver(behave) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        # On a busy machine the status itself may come too late at first.
        deliver_until(outbox, lambda: statuses(outbox)[0][0] == "success", timeout_s=0.3)


def test_an_endless_answer_is_not_read_to_the_end(outbox: Database) -> None:
    with Receiver(endless) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        deliver_until(outbox, lambda: statuses(outbox) == [("success", 1)])


@pytest.mark.parametrize("use", ["_claim", "_until_next", "_next", "_record"])
@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), OSError("no files")])
def test_deliveries_go_on_after_any_failure(
    outbox: Database, monkeypatch: pytest.MonkeyPatch, use: str, error: Exception
) -> None:
    failures = iter([error])
    intact = getattr(DeliveryWorker, use)

    def fail_once(*args: object) -> object:
        for failure in failures:
            raise failure
        return intact(*args)

    monkeypatch.setattr(DeliveryWorker, use, fail_once)
    with Receiver() as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one", "two")
        deliver_until(outbox, lambda: statuses(outbox) == [("success", 1)] * 2)
        assert dict.fromkeys(names_of(receiver)) == dict.fromkeys(["one", "two"])
    assert list(failures) == []


def test_dead_endpoints_hold_up_nobody(outbox: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Receiver() as receiver:
        for _ in range(10):  # accept connections and never answer
            subscribe(outbox, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        subscribe(outbox, receiver.url)
        names = [f"event-{number}" for number in range(30)]
        tell(outbox, *names)
        deliver_until(outbox, lambda: len(receiver.deliveries) == 30)
        assert names_of(receiver) == names


def test_names_that_no_server_answers_hold_up_nobody(
    outbox: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Neither the names of others nor the end of the program, which comes while they are looked up.
    is_over = threading.Event()
    look_up = socket.getaddrinfo

    def slow(host: str, port: int, **options: Any) -> Any:
        if host.endswith(".example"):
            is_over.wait(HANG_S)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return look_up(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with Receiver() as receiver:
        for number in range(MORE_THAN_THREADS):
            subscribe(outbox, f"http://name-{number}.example/")
        tell(outbox, "one")
        subscribe(outbox, receiver.url.replace("127.0.0.1", "localhost"))
        tell(outbox, "two")
        try:
            deliver_until(outbox, lambda: names_of(receiver) == ["two"])
        finally:
            is_over.set()


def test_several_workers_never_deliver_side_by_side(outbox: Database) -> None:
    busy: list[int] = []
    most: list[int] = []

    def behave(handler: BaseHTTPRequestHandler, number: int) -> None:
        busy.append(number)
        most.append(len(busy))
        time.sleep(0.005)  # long enough for another one to come, if it could
        busy.remove(number)
        answer(200)(handler, number)

    async def run(receiver: Receiver) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(4):
                await stack.enter_async_context(delivering(outbox))
            await until(lambda: len(receiver.deliveries) >= 40)
            await until(lambda: statuses(outbox) == [("success", 1)] * 40)

    with Receiver(behave) as receiver:
        subscribe(outbox, receiver.url)
        names = [f"event-{number:02}" for number in range(40)]
        tell(outbox, *names)
        asyncio.run(run(receiver))
        assert names_of(receiver) == names
        assert max(most) == 1


def test_what_is_stopped_in_the_middle_is_delivered_later(outbox: Database) -> None:
    async def begin_and_stop(receiver: Receiver) -> None:
        settings = DeliverySettings(poll_s=0.05, stop_s=0.05)
        async with delivering(outbox, settings):
            await until(lambda: len(receiver.deliveries) == 1)

    with Receiver(stall) as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        asyncio.run(begin_and_stop(receiver))
        assert statuses(outbox) == [("pending", 0)]
        receiver.behave = answer(200)
        deliver_until(outbox, lambda: statuses(outbox) == [("success", 1)])


def test_stopping_waits_for_what_uses_the_database(
    outbox: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slowly(*_: object) -> Iterator[int]:
        begun.set()
        time.sleep(0.3)
        ended.set()
        yield 1
        pytest.fail("another batch was begun")

    monkeypatch.setattr("kaiten_sync.server.events.delivery.sweep", slowly)

    async def stop_early() -> None:
        async with delivering(outbox, QUICK):
            await until(begun.is_set)
        assert ended.is_set()  # not only once the loop is over, which waits for threads too

    asyncio.run(stop_early())


@pytest.mark.parametrize("steps", range(6))
def test_news_at_the_moment_of_stopping_do_not_keep_it(outbox: Database, steps: int) -> None:
    never_looks = DeliverySettings(poll_s=NEVER_S)

    async def stop_with_news() -> None:
        async with asyncio.timeout(HANG_S), delivering(outbox, never_looks) as worker:
            await until(lambda: bool(worker._news._waiters))
            worker.wake()
            for _ in range(steps):
                await asyncio.sleep(0)

    asyncio.run(stop_with_news())


def test_an_endpoint_that_is_begun_again_before_its_last_turn_is_put_away(
    outbox: Database,
) -> None:
    complaints: list[dict[str, Any]] = []

    async def begin_twice() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said))
        async with delivering(outbox, QUICK) as worker:
            # As `_run` does where the lease is given back just before the first task is done.
            worker._start(Lease("an endpoint"))
            worker._start(Lease("an endpoint"))
            await until(lambda: not worker._drains)

    asyncio.run(begin_twice())
    assert complaints == []


def test_a_lease_of_somebody_who_died_ends(outbox: Database) -> None:
    async def deliver(clock: Clock) -> None:
        async with delivering(outbox, DeliverySettings(poll_s=0.01), clock=clock):
            await until(lambda: clock.readings > 20)  # it looked again and again
            assert statuses(outbox) == [("pending", 0)]
            clock.now_ms += 700
            await until(lambda: statuses(outbox) == [("success", 1)])

    with Receiver() as receiver:
        endpoint_id = subscribe(outbox, receiver.url)
        tell(outbox, "one")
        clock = Clock(now_ms())
        end_ms = clock.now_ms + 700
        with outbox.writing() as connection:
            assert webhooks.lease(connection, endpoint_id, clock.now_ms, end_ms)
            assert not webhooks.lease(connection, endpoint_id, clock.now_ms, end_ms)
        asyncio.run(deliver(clock))


def test_a_deleted_endpoint_gets_nothing_more(server: EmbeddedServer) -> None:
    headers = {"Authorization": f"Bearer {server.new_organization()}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api, Receiver() as receiver:
        body = {"url": receiver.url, "eventNames": ["ENTITLEMENT_GROUP_CREATED"]}
        first, second = (api.post("/webhooks", json=body).json() for _ in range(2))
        assert api.delete(f"/webhooks/{first['id']}").status_code == 204
        api.post("/entitlement-groups", json={"name": "One"})
        receiver.wait_for(1)
        api.put(f"/webhooks/{second['id']}", json={**body, "eventNames": ["LICENSE_CREATED"]})
        api.post("/entitlement-groups", json={"name": "Two"})
        api.post("/licenses", json={"name": "Growth", "type": "PAID"})
        receiver.wait_for(2)
        assert [json.loads(d.body)["name"] for d in receiver.deliveries] == [
            "ENTITLEMENT_GROUP_CREATED",
            "LICENSE_CREATED",
        ]


# Where nothing is sent


def message(url: str) -> Message:
    return Message(id="m", url=url, secret=new_secret(), name="n", type="t", payload={})


def send(url: str, *addresses: str, allow_private: bool = False) -> tuple[Attempt, list[str]]:
    """One attempt with a resolver of the test's own; and the names that were looked up."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> Sequence[Address]:
        asked.append(host)
        return [ip_address(each) for each in addresses]

    sender = Sender(allow_private=allow_private, timeout_s=HANG_S, resolve=resolve)
    return asyncio.run(sender.send(message(url))), asked


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_names_that_lead_into_a_private_network(address: str) -> None:
    with Receiver() as receiver:
        attempt, _ = send(f"http://harmless.example:{receiver.port}/", address)
        assert not attempt.is_success
        assert "private network" in attempt.reason
        assert receiver.deliveries == []


def test_the_address_that_was_checked_is_the_one_that_is_used() -> None:
    with Receiver() as receiver:
        url = f"http://rebinding.example:{receiver.port}/x"
        attempt, asked = send(url, "127.0.0.1", allow_private=True)
        assert attempt.is_success
        assert asked == ["rebinding.example"]
        (delivery,) = receiver.deliveries
        assert delivery.headers["host"] == f"rebinding.example:{receiver.port}"


@pytest.mark.parametrize("dead", [("::1",), ("127.0.0.2", "127.0.0.3"), ("127.0.0.2",) * 9])
def test_the_next_address_is_tried_if_one_does_not_answer(dead: tuple[str, ...]) -> None:
    # Receivers often listen on 127.0.0.1 alone, and `localhost` is ::1 first.
    with Receiver() as receiver:
        url = f"http://localhost:{receiver.port}/x"
        attempt, _ = send(url, *dead, "127.0.0.1", allow_private=True)
        assert attempt.is_success
        assert len(receiver.deliveries) == 1


def test_no_other_address_is_tried_once_the_message_was_sent() -> None:
    with Receiver(rubbish) as receiver:
        url = f"http://twice.example:{receiver.port}/"
        attempt, _ = send(url, "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1", allow_private=True)
        assert not attempt.is_success
        assert len(receiver.deliveries) == 1


def test_private_addresses_are_not_tried_after_public_ones() -> None:
    with Receiver() as receiver:
        sender = Sender(allow_private=False, timeout_s=0.2, resolve=_first_public)
        attempt = asyncio.run(sender.send(message(f"http://mixed.example:{receiver.port}/")))
        assert not attempt.is_success
        assert receiver.deliveries == []


async def _first_public(_host: str, _port: int) -> Sequence[Address]:
    return [ip_address("192.88.99.1"), ip_address("127.0.0.1")]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"],
)
def test_this_machine_by_any_name(host: str) -> None:
    with Receiver() as receiver:
        sender = Sender(allow_private=False, timeout_s=HANG_S)
        attempt = asyncio.run(sender.send(message(f"http://{host}:{receiver.port}/")))
        assert not attempt.is_success
        assert receiver.deliveries == []


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{receiver.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{receiver.port}")
        attempt, _ = send("http://closed.example:9/", "127.0.0.1", allow_private=True)
        assert not attempt.is_success
        assert receiver.deliveries == []


# Housekeeping, and the whole server


def test_old_deliveries_are_swept_away(outbox: Database) -> None:
    week_ms = 7 * 24 * 3600 * 1000
    with Receiver() as receiver:
        subscribe(outbox, receiver.url)
        tell(outbox, "one")
        list(sweep(outbox, now_ms() + 2 * week_ms))
        assert statuses(outbox) == [("pending", 0)]  # what is not delivered stays
        deliver_until(outbox, lambda: statuses(outbox) == [("success", 1)])
        list(sweep(outbox, now_ms() + week_ms - 60_000))
        assert statuses(outbox) == [("success", 1)]
        list(sweep(outbox, now_ms() + week_ms + 60_000))
        assert statuses(outbox) == []


def test_a_revoked_token_that_the_operator_chose_never_comes_back(fresh_url: str) -> None:
    settings = ServerSettings(database_url=fresh_url, bootstrap_token=TOKEN)
    database = prepare(settings).database
    months_ms = 120 * 24 * 3600 * 1000
    with database.writing() as connection:
        connection.execute(update(token).values(revoked_at=now_ms()))
    list(sweep(database, now_ms() + months_ms))
    database.close()
    with pytest.raises(ServerStartError, match="was revoked"):
        prepare(settings)


def test_a_start_takes_no_lease_from_another_machine(fresh_url: str, database: str) -> None:
    """Or both deliver the same, and out of order; a file of SQLite has one server only."""
    settings = ServerSettings(database_url=fresh_url, bootstrap_token=TOKEN)
    first = prepare(settings).database
    endpoint_id = subscribe(first, "http://127.0.0.1:9/hook")
    with first.writing() as connection:
        assert webhooks.lease(connection, endpoint_id, now_ms(), now_ms() + 60_000)
    if database == "sqlite":
        first.close()
    second = prepare(settings).database
    with second.writing() as connection:
        is_free = webhooks.lease(connection, endpoint_id, now_ms(), now_ms() + 60_000)
    assert is_free == (database == "sqlite")
    for each in (first, second):
        each.close()


def test_a_killed_server_delivers_what_was_committed(fresh_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as placeholder:
        port = placeholder.getsockname()[1]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    options = ("--allow-private-webhooks",)
    with ServerProcess(fresh_url, *options, token=TOKEN) as server:
        with httpx.Client(base_url=f"{server.url}/api", headers=headers) as api:
            body = {
                "url": f"http://127.0.0.1:{port}/hook",  # nobody is there yet
                "eventNames": ["ENTITLEMENT_GROUP_CREATED"],
            }
            assert api.post("/webhooks", json=body).status_code == 201
            for number in range(20):
                made = api.post("/entitlement-groups", json={"name": f"group-{number:02}"})
                assert made.status_code == 201
        server.kill()
    with (
        Receiver(port=port) as receiver,
        ServerProcess(fresh_url, *options, token=TOKEN),
    ):
        receiver.wait_for(20)
        assert set(names_of(receiver)) == {f"group-{number:02}" for number in range(20)}


def test_several_processes_deliver_each_event(postgresql: Cluster, tmp_path: Path) -> None:
    with (
        Receiver() as receiver,
        ServerProcess(
            postgresql.new_database(), "--allow-private-webhooks", workers=2, token=TOKEN
        ) as server,
        httpx.Client(
            base_url=f"{server.url}/api", headers={"Authorization": f"Bearer {TOKEN}"}
        ) as api,
    ):
        body = {"url": receiver.url, "eventNames": ["ENTITLEMENT_GROUP_CREATED"]}
        assert api.post("/webhooks", json=body).status_code == 201
        for number in range(30):
            api.post("/entitlement-groups", json={"name": f"group-{number:02}"})
        receiver.wait_for(30)
        assert sorted(names_of(receiver)) == [f"group-{number:02}" for number in range(30)]
