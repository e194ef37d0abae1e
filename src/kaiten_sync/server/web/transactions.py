"""What requests need of the process, and the transactions in which they are answered."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from kaiten_sync.server.db import (
    BUSY,
    Database,
    is_worth_repeating,
    log_failure,
    may_be_stored,
    why_unavailable,
)
from kaiten_sync.server.domain.refusals import (
    RecordedRefusalError,
    RefusalError,
    RefusalKind,
    UnsettledError,
)
from kaiten_sync.server.service.tenancy import authenticate, bearer_token
from kaiten_sync.server.service.work import Caller, Work
from kaiten_sync.server.web.throttle import Throttle

log = logging.getLogger(__name__)

_REPETITIONS = 3
"""Times that a transaction is repeated which the database ended in favor of another."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What requests need of the process: its database, its time, and whom to notify of deliveries.

    `clock` gives milliseconds since 1970 in UTC. `wake` is called after a request that queued
    webhook deliveries is committed, from any thread. `note_use` is called with the id of a token
    that opened something, and the time.
    """

    database: Database
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    wake: Callable[[], None] = lambda: None
    note_use: Callable[[str | None, int], None] = lambda _token_id, _now_ms: None
    allow_private_webhooks: bool = False
    throttle: Throttle = field(default_factory=Throttle)


@contextmanager
def unless_unavailable() -> Iterator[None]:
    """Around what uses the database.

    Raises:
        RefusalError: 503, if the same request may well succeed a little later.
    """
    try:
        yield
    except SQLAlchemyError as error:
        # Anything else is a fault of ours, and repeating the request would not help.
        reason = why_unavailable(error)
        if reason is None:
            raise
        if reason != BUSY:
            log_failure(log, reason, error)
        raise RefusalError(RefusalKind.UNAVAILABLE, "UNAVAILABLE", reason) from error


def caller_of(
    surroundings: Surroundings,
    connection: Connection,
    authorization: str | None,
    address: str,
    needed_scope: str,
    now_ms: int,
) -> Caller:
    """Who sends this `Authorization` header from this address.

    Raises:
        RefusalError: nobody, somebody who is not allowed to, or there were too many wrong tokens.
    """
    token = bearer_token(authorization)
    with surroundings.throttle.guarding(address, token, now_ms):
        caller = authenticate(connection, authorization, needed_scope, now_ms)
    # Not in this transaction, which may only read, and must not wait for the lock of writers.
    surroundings.note_use(caller.token_id, now_ms)
    return caller


def work_in(
    surroundings: Surroundings, connection: Connection, caller: Caller, now_ms: int
) -> Work:
    """What a use case works with in this transaction."""
    return Work(
        connection=connection,
        caller=caller,
        now_ms=now_ms,
        random_hex=lambda: secrets.token_hex(3),
        clock=surroundings.clock,
        allow_private_webhooks=surroundings.allow_private_webhooks,
    )


def write(surroundings: Surroundings, caller: Caller, act: Callable[[Work], T]) -> T:
    """Call `act` in a transaction that writes, and return its result.

    Raises:
        RefusalError: `act` refused, and nothing was written; but see RecordedRefusalError.
    """

    def act_alone(writing: Writing) -> T | RecordedRefusalError:
        try:
            return act(writing.work_of(caller))
        except RecordedRefusalError as error:
            return error  # told after the commit: what was written about it stays

    result = write_together(surroundings, act_alone)
    if isinstance(result, RecordedRefusalError):
        raise result
    return result


class Writing:
    """A transaction that writes for one request or for several, at one time."""

    def __init__(self, surroundings: Surroundings, connection: Connection) -> None:
        self.connection = connection
        # Once the lock of SQLite is had: what is stored after another transaction has a later time
        # than that one.
        self.now_ms = surroundings.clock()
        self._surroundings = surroundings
        self._works: list[Work] = []

    def work_of(self, caller: Caller) -> Work:
        """What a use case works with for one request."""
        work = work_in(self._surroundings, self.connection, caller, self.now_ms)
        self._works.append(work)
        return work

    @property
    def has_queued(self) -> bool:
        """Whether any of the requests has queued webhook deliveries."""
        return any(work.queued for work in self._works)


def write_together(surroundings: Surroundings, act: Callable[[Writing], T]) -> T:
    """What `act` gives, done in one transaction that may be repeated from its beginning."""
    for _ in range(_REPETITIONS):
        try:
            return _write_once(surroundings, act)
        except DBAPIError as error:
            if not is_worth_repeating(error):
                raise
    return _write_once(surroundings, act)


def _write_once(surroundings: Surroundings, act: Callable[[Writing], T]) -> T:
    is_done = False
    try:
        with surroundings.database.writing() as connection:
            writing = Writing(surroundings, connection)
            result = act(writing)
            is_done = True
    except SQLAlchemyError as error:
        if is_done and may_be_stored(error):
            log_failure(log, "the database did not confirm what it may have stored", error)
            raise UnsettledError from error
        raise
    # After the commit: a worker that looks before it finds nothing, and sleeps on.
    if writing.has_queued:
        surroundings.wake()
    return result
