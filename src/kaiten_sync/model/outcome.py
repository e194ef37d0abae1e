"""What became of a plan. Partial failure is a value, not an exception."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change, change_id, subject_of
from kaiten_sync.model.compact import Compact
from kaiten_sync.model.on_demand import OnDemand

if TYPE_CHECKING:
    from kaiten_sync.model.plan import TargetRef


class Status(StrEnum):
    """How one change ended."""

    DONE = "done"
    ALREADY_DONE = "already-done"
    FAILED = "failed"
    BLOCKED = "blocked"
    LEFT = "left"
    """A holder that is not moved: it changed since, would be over, or is billed."""
    NOT_TRIED = "not-tried"


MADE = frozenset({Status.DONE, Status.ALREADY_DONE})
"""The server has what the change is for."""


class RunState(StrEnum):
    """How far a run has come. A receipt that stays `running` is of a run that was killed."""

    RUNNING = "running"
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    FAILED = "failed"


class Outcome(Compact, frozen=True, kw_only=True):
    """How one change ended, and why.

    `code` and `error_id` are the server's; `blocked_by` is the id of the change that failed.
    `declared_as` is the object that is declared, if it is another than the one that is changed.
    `is_conflict` says that the change was held back: the object was no longer as planned.
    `is_billed` says that the server refused it because it bills the version, or the holder, and
    `is_held` because something refers to the object that was to be deleted.
    `is_final` says that the server refused the change itself, and will refuse it again; with
    `is_contradicted` it says that what is to be made is there, and does not show it. `was_sent`
    says that it failed after it was written, or may have been, and `is_different` that the server
    accepted it and has something else.
    """

    address: Address
    action: Action
    status: Status
    message: str | None = None
    code: str | None = None
    error_id: str | None = None
    blocked_by: str | None = None
    declared_as: Address | None = None
    is_conflict: bool = False
    is_billed: bool = False
    is_held: bool = False
    is_final: bool = False
    is_contradicted: bool = False
    was_sent: bool = False
    is_different: bool = False

    @property
    def change_id(self) -> str:
        """The id of the change."""
        return change_id(self.action, self.address)

    @property
    def subject(self) -> str:
        """The object for people, as the plan names it."""
        return subject_of(self.address, self.declared_as)


def outcome_of(change: Change, status: Status) -> Outcome:
    """The outcome of a change of which there is no more to say than its status."""
    return Outcome(
        address=change.address,
        action=change.action,
        status=status,
        declared_as=change.declared_as,
    )


class Outcomes(OnDemand[Outcome]):
    """How the changes of a plan ended, in its order.

    Mostly a status says all of it. Those outcomes are made when they are asked for, since all of
    them take a fifth of the memory of the plan.
    """

    __slots__ = ("_changes", "_ended")

    def __init__(self, changes: Sequence[Change], ended: Sequence[Status | Outcome]) -> None:
        self._changes = changes
        self._ended = ended

    def _made(self, place: int) -> Outcome:
        return _whole(self._changes[place], self._ended[place])

    def __iter__(self) -> Iterator[Outcome]:
        return map(_whole, self._changes, self._ended)

    def __len__(self) -> int:
        return len(self._ended)


def _whole(change: Change, ended: Status | Outcome) -> Outcome:
    return ended if isinstance(ended, Outcome) else outcome_of(change, ended)


class ApplyResult(Immutable, frozen=True, kw_only=True):
    """The outcomes of one apply, in the plan's order, and the requests it took.

    `access_error` says why the server could no longer be reached, where that ended the run. `left`
    is what a plan made afterwards would change, None if nobody looked, and `unlooked` why a look
    that was asked for failed. `words` are those of a command line that plans for this target again,
    and `plan_file` is where its plan is, so that the next command can be given. Without
    `is_named`, holders have the numbers of their places in the plan.
    """

    target: TargetRef
    plan_digest: str
    outcomes: Sequence[Outcome]
    requests: int
    interrupted: bool = False
    access_error: str | None = None
    left: tuple[Change, ...] | None = None
    unlooked: str | None = None
    words: tuple[str, ...] = ()
    plan_file: str | None = None
    is_named: bool = True

    @property
    def is_complete(self) -> bool:
        """Whether the server now is as the plan says."""
        return all(o.status in MADE for o in self.outcomes)

    @property
    def changed_anything(self) -> bool:
        """Whether this run wrote to the server, or may have."""
        return any(o.status is Status.DONE or o.was_sent for o in self.outcomes)

    @property
    def was_done_before(self) -> bool:
        """Whether the server was as the plan says before this run."""
        return all(outcome.status is Status.ALREADY_DONE for outcome in self.outcomes)

    @property
    def is_refused(self) -> bool:
        """Whether all that failed was held back.

        It was changed by others, is billed or still in use, or a holder stays.
        """
        failed = [o for o in self.outcomes if o.status in (Status.FAILED, Status.LEFT)]
        return bool(failed) and all(
            o.is_conflict or o.is_billed or o.is_held or o.status is Status.LEFT for o in failed
        )
