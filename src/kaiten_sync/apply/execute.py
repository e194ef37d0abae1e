"""Runs a plan's changes, side by side where nothing forbids it.

The main thread alone keeps the books; workers only send requests. One failure blocks what
depends on it and nothing else. What a server may refuse is tried first (`probes`), and grants count
as done once a list of them shows them as asked (`batches`).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeAlias

from kaiten_sync.apply.batches import Batches, Result
from kaiten_sync.apply.freshness import Expectations
from kaiten_sync.apply.perform import check, send, verify, verify_list
from kaiten_sync.apply.probes import Probes
from kaiten_sync.errors import (
    AccessError,
    BilledError,
    ConflictError,
    ContradictedError,
    HeldError,
    KaitenSyncError,
    LeftError,
    NotKeptError,
    ProblemError,
    StoppedError,
)
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.change import Change
from kaiten_sync.model.multimap import Multimap
from kaiten_sync.model.outcome import ApplyResult, Outcome, Outcomes, Status, outcome_of
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.ports import Catalog, Journal, Progress

_Results: TypeAlias = list[Result]


class HeldBack(Immutable, frozen=True, kw_only=True):
    """Changes that are left although the plan has them: moves of holders that stay.

    `known` says why, by the ids of changes. `hold_back` is asked right before each other change is
    sent, and returns why it must not be, or None.
    """

    known: Mapping[str, str] = {}
    hold_back: Callable[[Change], str | None] = lambda _change: None


NOTHING_LEFT = HeldBack()

_NOTHING_TO_DO = -1
"""Instead of the number of changes that one waits for: it is done already, or is left out."""


def execute(
    plan: Plan,
    done: frozenset[str],
    catalog: Catalog,
    *,
    progress: Progress,
    journal: Journal,
    is_stopped: Callable[[], bool],
    workers: int,
    left_out: HeldBack = NOTHING_LEFT,
) -> ApplyResult:
    """Do everything in the plan that is not done yet, apart from what is left out.

    `is_stopped` is asked before each new change: once true, what is under way is finished and
    the rest is not tried. `journal` is told each outcome as soon as it is known.
    """
    run = _Run(plan, catalog, progress, journal, is_stopped, workers, left_out)
    run.enter(done)
    progress.begin("Applying", len(plan.changes) - len(done) - len(left_out.known))
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        run.drive(pool)
    finally:
        # An interrupt that stops at once must not wait here for an answer that may never come.
        pool.shutdown(wait=False, cancel_futures=True)
        progress.end()
    return ApplyResult(
        target=plan.target,
        plan_digest=plan.digest,
        outcomes=run.found,
        requests=catalog.requests_sent,
        interrupted=run.was_stopped,
        access_error=run.access_error,
    )


class _Run:
    """The books of one run.

    They name changes by their places in the plan: dicts by ids would be as large as the plan.
    """

    def __init__(
        self,
        plan: Plan,
        catalog: Catalog,
        progress: Progress,
        journal: Journal,
        is_stopped: Callable[[], bool],
        workers: int,
        left_out: HeldBack,
    ) -> None:
        self._ended: list[Status | Outcome | None] = [None] * len(plan.changes)
        """How each change ended: its status, if that says all."""
        self.was_stopped = False
        self.access_error: str | None = None
        self._catalog = catalog
        self._progress = progress
        self._journal = journal
        self._is_stopped = is_stopped
        self._workers = workers
        self._left_out = left_out
        self._changes = plan.changes
        self._expected = Expectations(plan)
        self._unmet = [_NOTHING_TO_DO] * len(plan.changes)
        """How many changes each waits for."""
        self._followers: Multimap[str, int] = Multimap()
        """What waits for a change, by its id."""
        self._ready: list[tuple[bool, bool, int]] = []
        """A heap of the changes that can begin: probes first, then by their places in the plan. So
        the grants of a license are sent one after another, and can be verified soon."""
        self._probes = Probes((), ())
        self._batches = Batches(plan.changes)
        self._sending: dict[Future[_Results], int] = {}
        self._verifying: dict[Future[_Results], Sequence[Result]] = {}
        self._finished: SimpleQueue[Future[_Results]] = SimpleQueue()
        self._untold: list[Outcome] = []

    @property
    def found(self) -> Sequence[Outcome]:
        """The outcomes, once every change has one."""
        return Outcomes(self._changes, [each for each in self._ended if each is not None])

    def enter(self, done: frozenset[str]) -> None:
        """Note what is to do, and what of it can begin."""
        for place in range(len(self._changes)):
            self._enter(place, done)
            self._tell()
        self._probes = Probes(self._changes, self._unmet)
        for place, unmet in enumerate(self._unmet):
            if unmet == 0:
                self._make_ready(place)

    def drive(self, pool: ThreadPoolExecutor) -> None:
        """Work until every change has an outcome."""
        for place in self._probes.granted:
            self.was_stopped = self.was_stopped or self._is_stopped()
            if self._is_over:
                break
            for result in self._send(place):
                if self._probes.end_granted(result.error):
                    self._end(result)
            self._tell()
        while True:
            self._start(pool)
            if not self._sending and not self._verifying:
                break
            self._finish(self._finished.get())
            self._tell()
        for place, ended in enumerate(self._ended):
            if ended is None:
                self._note(place, Status.NOT_TRIED)
                self._tell()

    def _enter(self, place: int, done: frozenset[str]) -> None:
        change = self._changes[place]
        if change.id in done:
            self._note(place, Status.ALREADY_DONE)
            return
        if change.id in self._left_out.known:
            self._note(place, Status.LEFT, message=self._left_out.known[change.id])
            return
        waits_for = [needed for needed in change.depends_on if needed not in done]
        self._unmet[place] = len(waits_for)
        for needed in waits_for:
            self._followers.add(needed, place)
        self._batches.enter(place, waits_for)

    @property
    def _is_over(self) -> bool:
        return self.was_stopped or self._probes.is_refused or self.access_error is not None

    def _make_ready(self, place: int) -> None:
        heapq.heappush(self._ready, (*self._probes.rank(place), place))

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Hand out as much as there are workers for, and no more: what waits can be given up."""
        while self._ready and len(self._sending) < (1 if self._probes else self._workers):
            self.was_stopped = self.was_stopped or self._is_stopped()
            if self._is_over:
                break
            *_, place = heapq.heappop(self._ready)
            future = pool.submit(self._send, place)
            self._sending[future] = place
            future.add_done_callback(self._finished.put)
        if self._is_over:
            # Start nothing more. Grants that were sent are still verified: what is under way for a
            # list is all that its verification waits for now.
            self._ready.clear()
            self._batches.stop(self._sending.values())
        for children, sent in self._batches.complete():
            future = pool.submit(self._verify, children, sent)
            self._verifying[future] = sent
            future.add_done_callback(self._finished.put)

    def _send(self, place: int) -> _Results:
        change = self._changes[place]
        has_written = False
        try:
            reason = self._left_out.hold_back(change)
            if reason is not None:
                raise LeftError(reason)
            sent = send(self._catalog, change, self._expected.of(change))
            has_written = sent.has_written
            # Grants are verified by their list, once for many of them.
            if has_written and change.address.child_list is None:
                verify(self._catalog, change, sent.kept)
        except KaitenSyncError as error:
            return [Result(place, has_written or error.may_be_done, error)]
        return [Result(place, has_written)]

    def _verify(self, children: ChildList, sent: Sequence[Result]) -> _Results:
        try:
            found = verify_list(self._catalog, children)
        except KaitenSyncError as error:
            return [result.changed(error=error) for result in sent]
        checked: list[Result] = []
        for result in sent:
            try:
                change = self._changes[result.place]
                check(change, found.get(change.address))
            except KaitenSyncError as error:
                checked.append(result.changed(error=error))
            else:
                checked.append(result)
        return checked

    def _finish(self, future: Future[_Results]) -> None:
        sent = self._sending.pop(future, None)
        verified = self._verifying.pop(future, ())
        unexpected = future.exception()
        if unexpected is None:
            results = future.result()
        else:
            # Such as an answer that nobody thought of: only this change fails, the others run on.
            error = KaitenSyncError(f"unexpected {type(unexpected).__name__}: {unexpected}")
            results = [each.changed(error=error) for each in verified]
            # The request may have arrived before the error: the change counts as sent.
            results += [] if sent is None else [Result(sent, has_written=True, error=error)]
        for result in results:
            if sent is not None:
                self._batches.answered(result.place)
            # Once the last probe is over, workers go on side by side.
            self._probes.end(result.place, result.error)
            is_held = sent is not None and result.error is None and self._batches.hold(result)
            if not is_held:
                self._end(result)

    def _end(self, result: Result) -> None:
        is_stopped = isinstance(result.error, StoppedError)
        self.was_stopped = self.was_stopped or is_stopped
        if result.error is None:
            self._succeed(result)
        # What the server turned away counts as not tried.
        elif result.has_written or not is_stopped:
            self._fail(result, result.error)

    def _succeed(self, result: Result) -> None:
        status = Status.DONE if result.has_written else Status.ALREADY_DONE
        self._note(result.place, status)
        for follower in self._followers.of(self._changes[result.place].id):
            self._unmet[follower] -= 1
            # What another failure blocks has its outcome already, as a probe has.
            if self._unmet[follower] == 0 and self._ended[follower] is None:
                self._make_ready(follower)
                self._batches.begin(follower)

    def _fail(self, result: Result, error: KaitenSyncError) -> None:
        # Nobody answers, or the token is refused: every other request would fail alike, so none
        # is sent.
        if isinstance(error, AccessError):
            self.access_error = f"{error.message}; {error.hint}" if error.hint else error.message
        told = error if isinstance(error, ProblemError) else None
        left = error if isinstance(error, LeftError) else None
        self._note(
            result.place,
            Status.LEFT if left else Status.FAILED,
            message=error.message,
            code=told.code if told else left.code if left else None,
            error_id=told.error_id if told else None,
            is_conflict=isinstance(error, ConflictError),
            is_billed=left.is_billed if left else isinstance(error, BilledError),
            is_held=isinstance(error, HeldError),
            is_final=told is not None and told.is_final,
            is_contradicted=isinstance(error, ContradictedError),
            was_sent=result.has_written,
            is_different=isinstance(error, NotKeptError),
        )
        failed = self._changes[result.place].id
        for place in self._all_followers(failed):
            self._note(place, Status.BLOCKED, blocked_by=failed)
            self._batches.block(place)

    def _all_followers(self, change_id: str) -> Iterator[int]:
        """Everything that rests on a change and has no outcome yet, at any distance."""
        waiting = deque(self._followers.of(change_id))
        while waiting:
            follower = waiting.popleft()
            if self._ended[follower] is None:
                yield follower
                waiting += self._followers.of(self._changes[follower].id)

    def _note(self, place: int, status: Status, **more: Any) -> None:
        """Note how a change ended; `more` is what else its outcome says."""
        outcome = outcome_of(self._changes[place], status)
        if more:
            outcome = outcome.changed(**more)
        self._ended[place] = outcome if more else status
        self._untold.append(outcome)
        if self._unmet[place] != _NOTHING_TO_DO:
            self._progress.advance()

    def _tell(self) -> None:
        """Tell the journal what has ended since it was told last."""
        if self._untold:
            self._journal.record(self._untold)
            self._untold = []
