"""Delivers what is queued: at least once, in order per endpoint, each endpoint on its own.

Several processes may do this on one database. The process that leases an endpoint delivers to it,
one message after another; a lease ends by itself when its holder dies. A message that fails waits
for its time without holding up those that follow it. An endpoint that keeps failing waits as a
whole, longer each time, and is paused in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from kaiten_sync.server.db import Database, log_failure, webhooks
from kaiten_sync.server.db.attempts import AttemptRow, add_attempt
from kaiten_sync.server.db.events import last_time
from kaiten_sync.server.db.webhooks import DeliveryChange, DeliveryRow, DueDelivery
from kaiten_sync.server.domain.webhooks import ENDPOINT_DELAYS_S, RETRY_DELAYS_S, due_after
from kaiten_sync.server.events.sender import ATTEMPT_TIMEOUT_S, Attempt, Message, Sender
from kaiten_sync.server.events.sweep import SWEEP_EVERY_S, sweep
from kaiten_sync.server.service.webhooks import note_failure, note_success
from kaiten_sync.server.service.work import Caller, Work

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_BETWEEN_BATCHES_S = 0.05
"""SQLite gives its lock to whoever asks first, so a sweep that asked at once would keep it."""

_SET_BACK_MS = 10_000
"""How far the clock is set back before it is minded. Clocks of several machines differ by less, and
a delivery that is late by less does no harm."""

_OVER = 0
"""The end of a lease that nobody has."""


@dataclass(slots=True)
class Lease:
    """An endpoint that this process delivers to until a time, and whether its last one failed."""

    endpoint_id: str
    until_ms: int = _OVER
    is_failing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How deliveries are made.

    `retry_delays_s` are the waits of a message before each attempt, `endpoint_delays_s` those of an
    endpoint that keeps failing. `endpoints_at_once` bounds open connections, and `failing_at_once`
    those to endpoints whose last delivery failed. `messages_in_a_row` go to one endpoint before
    others that wait get a turn. `poll_s` is how long deliveries of other processes may go
    unnoticed. `lease_s` is longer than an attempt, or two processes could deliver side by side.
    `stop_s` is what an attempt under way gets when the server stops.
    """

    retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
    endpoint_delays_s: tuple[float, ...] = ENDPOINT_DELAYS_S
    endpoints_at_once: int = 64
    failing_at_once: int = 16
    messages_in_a_row: int = 20
    poll_s: float = 1.0
    lease_s: float = ATTEMPT_TIMEOUT_S * 2
    stop_s: float = 3.0


class DeliveryWorker:
    """Delivers while its `running()` block does, on the event loop that it is entered on."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        clock: Callable[[], int],
        settings: DeliverySettings | None = None,
        *,
        reports_kept_days: int | None = None,
    ) -> None:
        self._database = database
        self._sender = sender
        self._clock = clock
        self._settings = settings or DeliverySettings()
        self._reports_kept_days = reports_kept_days
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._drains: set[asyncio.Task[None]] = set()
        self._failing: set[asyncio.Task[None]] = set()
        self._calls: set[asyncio.Task[Any]] = set()
        self._stops = False
        self._looked_ms: int | None = None

    def wake(self) -> None:
        """Look for new deliveries now. May be called from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._news.set)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver until the block ends; then let attempts under way finish for `stop_s` seconds."""
        self._loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._sweep())]
        try:
            yield
        finally:
            # Before anything is canceled: a drain that is under way looks at it before its next
            # delivery.
            self._stops = True
            for task in tasks:
                task.cancel()
            if self._drains:
                await asyncio.wait(self._drains, timeout=self._settings.stop_s)
            for task in (*tasks, *self._drains):
                task.cancel()
            await asyncio.gather(*tasks, *self._drains, return_exceptions=True)
            # A thread cannot be canceled, and the caller closes the database next.
            await asyncio.gather(*self._calls, return_exceptions=True)

    async def _in_thread(self, call: Callable[..., _Result], *args: Any) -> _Result:
        """Call what uses the database in a thread, and finish the call once it has begun."""
        task = asyncio.create_task(asyncio.to_thread(call, *args))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return await asyncio.shield(task)

    async def _run(self) -> None:
        while True:
            # Before the look and not after it: news that come during the look end the wait that
            # follows.
            self._news.clear()
            try:
                for lease in await self._in_thread(self._claim):
                    self._start(lease)
                wait_s = await self._in_thread(self._until_next)
            except Exception as error:  # noqa: BLE001  no later event would be delivered
                log_failure(log, "cannot read what is to be delivered; will try again", error)
                wait_s = self._settings.poll_s
            # Not `wait_for`: in Python 3.11 it loses a cancellation that comes with the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    def _claim(self) -> list[Lease]:
        """Lease endpoints with a due delivery.

        Those that failed come last and take only a part of the room: an endpoint that is dead is
        often one that takes its time to say so.
        """
        now_ms = self._clock()
        self._mind_the_clock(now_ms)
        room = self._settings.endpoints_at_once - len(self._drains)
        due: dict[str, bool] = {}
        with self._database.reading() as connection:
            if room > 0:
                due = dict.fromkeys(webhooks.due_endpoints(connection, now_ms, room), False)
            left = min(room - len(due), self._settings.failing_at_once - len(self._failing))
            if left > 0:
                failing = webhooks.due_endpoints(connection, now_ms, left, failing=True)
                due |= dict.fromkeys(failing, True)
        if not due:
            return []  # the lock of writers is taken only if there is something to deliver
        with self._database.writing() as connection:
            until_ms = now_ms + int(self._settings.lease_s * 1000)
            return [
                Lease(endpoint_id, until_ms, is_failing)
                for endpoint_id, is_failing in due.items()
                if webhooks.lease(connection, endpoint_id, now_ms, until_ms)
            ]

    def _mind_the_clock(self, now_ms: int) -> None:
        """Let nothing wait until a clock that was set back shows its time again."""
        last_ms = self._looked_ms
        if last_ms is None:  # it may have been set back while nothing ran
            with self._database.reading() as connection:
                last_ms = last_time(connection)
        if now_ms + _SET_BACK_MS <= last_ms:
            log.warning("the clock was set back by %d seconds", (last_ms - now_ms) // 1000)
            with self._database.writing() as connection:
                webhooks.bring_forward(connection, now_ms)
                if self._looked_ms is None:
                    # Nobody has a lease for so long but who was killed before.
                    after_ms = now_ms + int(self._settings.lease_s * 2000)
                    webhooks.clear_leases(connection, after_ms)
        self._looked_ms = now_ms

    def _until_next(self) -> float:
        """Seconds until something is due, at most until the next look."""
        with self._database.reading() as connection:
            due_ms = webhooks.next_due(connection)
        if due_ms is None:
            return self._settings.poll_s
        # A due delivery that was not claimed belongs to another process, or waits for room.
        wait_s = (due_ms - self._clock()) / 1000
        return min(wait_s, self._settings.poll_s) if wait_s > 0 else self._settings.poll_s

    def _start(self, lease: Lease) -> None:
        task = asyncio.create_task(self._drain(lease))
        # By task: an endpoint may be claimed again before its last task is put away.
        self._drains.add(task)
        if lease.is_failing:
            self._failing.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._drains.discard(task)
            self._failing.discard(task)
            self._news.set()

        task.add_done_callback(ended)

    async def _drain(self, lease: Lease) -> None:
        """Make some of the deliveries that are due at an endpoint, then release its lease."""
        try:
            for _ in range(self._settings.messages_in_a_row):
                delivery = await self._in_thread(self._next, lease)
                if delivery is None or self._stops:
                    return
                attempt = await self._sender.send(
                    Message(
                        id=f"msg_{delivery.id}",
                        url=delivery.url,
                        secret=delivery.secret,
                        name=delivery.name,
                        type=delivery.type,
                        payload=delivery.payload,
                    )
                )
                await self._in_thread(self._record, delivery, attempt)
        except Exception as error:  # noqa: BLE001  it is repeated
            log_failure(log, "a delivery could not be recorded; it will be repeated", error)
        finally:
            # Also after an error, or nobody would deliver to the endpoint until its lease ends by
            # itself.
            await self._in_thread(self._release, lease)

    def _next(self, lease: Lease) -> DueDelivery | None:
        """The next delivery to an endpoint, whose lease is kept for the attempt.

        None if nothing is due, or if the lease is over: this machine slept, and another process
        delivers now.
        """
        now_ms = self._clock()
        with self._database.writing() as connection:
            found = webhooks.next_delivery(connection, lease.endpoint_id, now_ms)
            if found is None:
                return None
            until_ms = now_ms + int(self._settings.lease_s * 1000)
            if not webhooks.change_lease(connection, lease.endpoint_id, lease.until_ms, until_ms):
                return None
        lease.until_ms = until_ms
        return found

    def _record(self, delivery: DueDelivery, attempt: Attempt) -> None:
        now_ms = self._clock()
        # One transaction: the health of an endpoint never differs from what its deliveries show.
        with self._database.writing() as connection:
            if delivery.failures or not attempt.is_success:
                # Before its delivery, as everybody who changes both: or two could wait for each
                # other.
                webhooks.lock_endpoint(connection, delivery.endpoint_id)
            stored = webhooks.lock_delivery(connection, delivery.id)
            if stored is None:
                return  # its endpoint was deleted meanwhile
            webhooks.change_delivery(
                connection, stored.id, **self._outcome(stored, attempt, now_ms)
            )
            add_attempt(connection, _row_of(delivery, attempt, now_ms))
            self._note(connection, delivery, attempt, now_ms)

    def _outcome(self, stored: DeliveryRow, attempt: Attempt, now_ms: int) -> DeliveryChange:
        """What an attempt makes of a delivery, as it is stored now."""
        attempts = stored.attempts + 1
        outcome = DeliveryChange(
            attempts=attempts,
            attempted_at=now_ms,
            response_status=attempt.status,
            response_text=attempt.reason,
        )
        if attempt.is_success:
            return {**outcome, "status": "success", "due_at": None}
        if stored.status != "pending":
            # Somebody else delivered it, or the endpoint was paused: a failure does not queue it
            # again. What was answered last is in its attempts.
            return DeliveryChange(attempts=attempts)
        due_ms = due_after(attempts, now_ms, self._settings.retry_delays_s, attempt.asked_s)
        return {**outcome, "status": "fail" if due_ms is None else "pending", "due_at": due_ms}

    def _note(
        self, connection: Connection, delivery: DueDelivery, attempt: Attempt, now_ms: int
    ) -> None:
        """Record how its endpoint fares."""
        work = Work(
            connection=connection,
            caller=Caller(
                account_id="",
                account_name="",
                organization_id=delivery.organization_id,
                scopes=frozenset(),
            ),
            now_ms=now_ms,
            random_hex=lambda: "",
        )
        if not attempt.is_success:
            note_failure(
                work,
                delivery.endpoint_id,
                is_answered=attempt.status is not None,
                asked_s=attempt.asked_s,
                delays_s=self._settings.endpoint_delays_s,
            )
        elif delivery.failures:
            note_success(work, delivery.endpoint_id)

    def _release(self, lease: Lease) -> None:
        try:
            with self._database.writing() as connection:
                webhooks.change_lease(connection, lease.endpoint_id, lease.until_ms, _OVER)
        except SQLAlchemyError as error:
            log_failure(log, "a lease could not be released; it ends by itself", error)

    async def _sweep(self) -> None:
        while True:
            try:
                batches = sweep(self._database, self._clock(), self._reports_kept_days)
                # A thread for each batch: a stop waits for one at most.
                while await self._in_thread(next, batches, None) is not None:
                    await asyncio.sleep(_BETWEEN_BATCHES_S)
            except Exception as error:  # noqa: BLE001  nothing would be deleted any more
                log_failure(log, "what is old could not be deleted; it will be tried again", error)
            await asyncio.sleep(SWEEP_EVERY_S)


def _row_of(delivery: DueDelivery, attempt: Attempt, now_ms: int) -> AttemptRow:
    return AttemptRow(
        delivery_id=delivery.id,
        attempted_at=now_ms - attempt.duration_ms,
        url=delivery.url,
        headers=dict(attempt.headers),
        response_status=attempt.status,
        response_text=attempt.reason,
        response_body=attempt.body,
        duration_ms=attempt.duration_ms,
    )
