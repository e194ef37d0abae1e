"""Answers a group of requests to one operation from one transaction, each as if it were alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from sqlalchemy import Connection
from starlette.responses import Response

from kaiten_sync.server.domain.refusals import RefusalError, UnsettledError
from kaiten_sync.server.domain.tokens import lookup_hash
from kaiten_sync.server.service.work import Caller
from kaiten_sync.server.web.operations import Arguments, Operation
from kaiten_sync.server.web.received import Received, parse, render
from kaiten_sync.server.web.transactions import (
    Surroundings,
    Writing,
    caller_of,
    unless_unavailable,
    write_together,
)

_MOST_KNOWN = 10_000
"""Tokens that are remembered to have been good; a few megabytes."""

_Outcomes = dict[int, Response | Exception]
"""Answers and what was raised, by the place of the request in its group."""


class RequestGroup:
    """Answers groups of requests to one operation.

    The token of each is checked in the transaction that does what it asks for, so none works that
    any process has revoked. But whoever sends a token that was never seen to be good is checked
    before that, in a transaction that only reads, so that strangers hold up nobody who writes.
    """

    def __init__(self, surroundings: Surroundings, operation: Operation) -> None:
        self._surroundings = surroundings
        self._operation = operation
        self._known: OrderedDict[str, None] = OrderedDict()

    def answer(self, group: Sequence[Received]) -> list[Response | Exception]:
        """The answer to each request, or what it raised."""
        try:
            with unless_unavailable():
                return self._answer_in_one(group)
        except UnsettledError as error:
            # Done again, what is stored would count twice.
            return [error] * len(group)
        except Exception as error:  # noqa: BLE001  it is answered, or comes again alone
            if len(group) == 1:
                return [error]
            # What failed must not be the answer to the others. If it was a lock that did not come
            # in time, they wait side by side, as they would have if nobody had put them together.
            with ThreadPoolExecutor(len(group) if isinstance(error, RefusalError) else 1) as pool:
                alone = pool.map(lambda received: self.answer([received]), group)
                return [outcome for outcomes in alone for outcome in outcomes]

    def _answer_in_one(self, group: Sequence[Received]) -> list[Response | Exception]:
        asked: dict[int, Arguments] = {}
        outcomes: _Outcomes = {}
        for place, received in enumerate(group):
            try:
                asked[place] = parse(self._operation, received)
            except RefusalError as error:
                # Kept, not raised: the others of the group have nothing to do with it.
                outcomes[place] = error
        strangers = {
            place: received
            for place, received in enumerate(group)
            # A wrong request is checked for its token as well: 401 comes before 422, or anybody
            # could ask what a body has to be.
            if place in outcomes or _hash(received.authorization) not in self._known
        }
        if strangers:
            with self._surroundings.database.reading() as connection:
                _, refused = self._callers(strangers, connection, self._surroundings.clock())
            outcomes.update(refused)
        left = {place: each for place, each in asked.items() if place not in outcomes}
        if left:
            outcomes.update(
                write_together(self._surroundings, lambda writing: self._do(writing, group, left))
            )
        return [outcomes[place] for place in range(len(group))]

    def _do(
        self, writing: Writing, group: Sequence[Received], left: Mapping[int, Arguments]
    ) -> _Outcomes:
        if self._operation.handle_many is None:
            raise TypeError(f"{self._operation.id} cannot be done for several requests")
        received = {place: group[place] for place in left}
        callers, outcomes = self._callers(received, writing.connection, writing.now_ms)
        asked = [(writing.work_of(caller), left[place]) for place, caller in callers.items()]
        # Rendered before the commit: what cannot be answered is not done.
        answers = self._operation.handle_many(asked, lambda result: render(self._operation, result))
        return {**outcomes, **dict(zip(callers, answers, strict=True))}

    def _callers(
        self, received: Mapping[int, Received], connection: Connection, now_ms: int
    ) -> tuple[dict[int, Caller], _Outcomes]:
        """Who sends these requests, and the refusals of those who may not."""
        scope = self._operation.scope
        # Most reports of a group come with one token, which is then looked up once.
        checked: Callable[[str | None, str], Caller] = cache(
            lambda authorization, address: caller_of(
                self._surroundings, connection, authorization, address, scope, now_ms
            )
        )
        callers: dict[int, Caller] = {}
        refused: _Outcomes = {}
        for place, each in received.items():
            try:
                callers[place] = checked(each.authorization, each.address)
            except RefusalError as error:
                refused[place] = error
                self._known.pop(_hash(each.authorization), None)
            else:
                self._known[_hash(each.authorization)] = None
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return callers, refused


def _hash(authorization: str | None) -> str:
    """What a token is remembered by: no secret is kept longer than its request."""
    return lookup_hash(authorization or "")
