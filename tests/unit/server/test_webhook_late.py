"""Attempts that are recorded late: others delivered, paused or deleted meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from sqlalchemy import Connection, select, text
from tests.support.databases import Cluster
from tests.support.outbox import TOKEN
from tests.unit.server.test_webhook_delivery import (
    Clock,
    now_ms,
    statuses,
    subscribe,
    tell,
)

from kaiten_sync.server.app import ServerSettings, prepare
from kaiten_sync.server.db import webhooks
from kaiten_sync.server.db.engine import Database
from kaiten_sync.server.db.tables import organization, webhook_delivery
from kaiten_sync.server.domain.events import GROUP_CREATED
from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.events.delivery import DeliveryWorker, Lease
from kaiten_sync.server.events.sender import Attempt, Sender
from kaiten_sync.server.service.events import emit
from kaiten_sync.server.service.webhooks import (
    pause_endpoint,
    resend_since,
    resume_endpoint,
    retry_delivery,
    send_test,
)
from kaiten_sync.server.service.work import Caller, Work, new_id

OK, BAD = 204, 500


def _attempt(status: int) -> Attempt:
    return Attempt(
        is_success=status == OK, status=status, reason="said so", headers={}, duration_ms=1
    )


@pytest.mark.parametrize(
    ("others", "late", "expected"),
    [
        ([OK], BAD, ("success", 2)),
        ([OK], OK, ("success", 2)),
        ([BAD], OK, ("success", 2)),
        ([BAD], BAD, ("pending", 2)),
        ([BAD] * 6, BAD, ("fail", 7)),
        ([BAD] * 6, OK, ("success", 7)),
        (["paused"], BAD, ("fail", 1)),
        (["paused"], OK, ("success", 1)),
        (["paused", "resumed"], BAD, ("fail", 1)),
        ([BAD, "paused"], BAD, ("fail", 2)),
    ],
)
def test_an_attempt_that_is_recorded_late_queues_nothing_again(
    outbox: Database, others: Sequence[int | str], late: int, expected: tuple[str, int]
) -> None:
    endpoint_id = subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one")
    worker = DeliveryWorker(outbox, Sender(allow_private=True), now_ms)
    under_way = worker._next(Lease(endpoint_id))
    assert under_way
    for each in others:
        if isinstance(each, int):
            worker._record(under_way, _attempt(each))
        else:
            _as_somebody(outbox, endpoint_id, each)
    worker._record(under_way, _attempt(late))
    assert statuses(outbox) == [expected]
    with outbox.reading() as connection:
        due = connection.execute(select(webhook_delivery.c.due_at)).scalar_one()
    assert (due is None) == (expected[0] != "pending")


def test_an_attempt_of_a_deleted_endpoint_is_not_recorded(outbox: Database) -> None:
    endpoint_id = subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one")
    worker = DeliveryWorker(outbox, Sender(allow_private=True), now_ms)
    under_way = worker._next(Lease(endpoint_id))
    assert under_way
    with outbox.writing() as connection:
        webhooks.remove_endpoint(connection, endpoint_id)
    worker._record(under_way, _attempt(BAD))
    assert statuses(outbox) == []


def test_whoever_slept_through_its_lease_leaves_the_endpoint_to_the_next(
    outbox: Database,
) -> None:
    subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one", "two")
    clock = Clock(now_ms())
    sleeper, other = (DeliveryWorker(outbox, Sender(allow_private=True), clock) for _ in range(2))
    (slept,) = sleeper._claim()
    assert sleeper._next(slept)
    clock.now_ms += 60_000
    (taken,) = other._claim()
    assert sleeper._next(slept) is None
    sleeper._release(slept)
    assert sleeper._claim() == []
    assert other._next(taken)
    other._release(taken)
    assert len(sleeper._claim()) == 1


@pytest.mark.parametrize("meanwhile", ["deleted", "paused"])
def test_an_event_is_not_queued_at_an_endpoint_that_is_gone(
    outbox: Database, meanwhile: str
) -> None:
    endpoint_id = subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one")
    with outbox.reading() as connection:
        queued = select(webhook_delivery.c.organization_id, webhook_delivery.c.event_seq)
        row = connection.execute(queued).one()
    if meanwhile == "paused":
        _as_somebody(outbox, endpoint_id, "paused")
    else:
        with outbox.writing() as connection:
            webhooks.remove_endpoint(connection, endpoint_id)
    before = statuses(outbox)
    another = webhooks.DeliveryRow(
        id=new_id(),
        organization_id=row[0],
        endpoint_id=endpoint_id,
        event_seq=row[1],
        status="pending",
        attempts=0,
        due_at=now_ms(),
        created_at=now_ms(),
    )
    with outbox.writing() as connection:
        webhooks.add_delivery(connection, another)
    assert statuses(outbox) == before


_QUEUING: dict[str, Callable[[Work, str], object]] = {
    "an event": lambda work, _: emit(work, GROUP_CREATED, {"id": "2", "name": "2"}),
    "a test": send_test,
    "a repetition": lambda work, endpoint_id: retry_delivery(
        work,
        endpoint_id,
        work.connection.execute(select(webhook_delivery.c.id)).scalars().first() or "",
    ),
    "all again": lambda work, endpoint_id: resend_since(work, endpoint_id, 0, has_all=True),
}


@pytest.mark.parametrize("what", _QUEUING)
@pytest.mark.parametrize("is_first", [True, False], ids=["queued first", "paused first"])
def test_nothing_is_pending_after_a_pause_whatever_is_queued_meanwhile(
    postgresql: Cluster, what: str, is_first: bool
) -> None:
    # Only PostgreSQL runs two transactions that write side by side.
    url = postgresql.new_database()
    outbox = prepare(ServerSettings(database_url=url, bootstrap_token=TOKEN)).database
    endpoint_id = subscribe(outbox, "http://127.0.0.1:9/")
    tell(outbox, "one")
    with outbox.writing() as connection:
        webhooks.end_pending(connection, endpoint_id, "")
    acts = [_QUEUING[what], pause_endpoint]
    first, second = acts if is_first else reversed(acts)

    def later() -> None:
        with suppress(RefusalError), outbox.writing() as connection:  # paused meanwhile
            second(_work(connection), endpoint_id)

    with ThreadPoolExecutor(1) as pool:
        with outbox.writing() as connection:
            first(_work(connection), endpoint_id)
            other = pool.submit(later)
            while not other.done() and not _somebody_waits(outbox):
                pass
        other.result()
    assert "pending" not in {status for status, _ in statuses(outbox)}
    outbox.close()


def _somebody_waits(database: Database) -> bool:
    with database.reading() as connection:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(connection.execute(text(waits)).scalar_one())


def _as_somebody(database: Database, endpoint_id: str, what: str) -> None:
    """Pause or resume an endpoint."""
    use = {"paused": pause_endpoint, "resumed": resume_endpoint}[what]
    with database.writing() as connection:
        use(_work(connection), endpoint_id)


def _work(connection: Connection) -> Work:
    org = connection.execute(select(organization.c.id)).scalar_one()
    caller = Caller(account_id="a", account_name="a", organization_id=org, scopes=frozenset())
    return Work(connection=connection, caller=caller, now_ms=now_ms(), random_hex=lambda: "0")
