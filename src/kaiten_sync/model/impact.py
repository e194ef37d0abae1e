"""Impact: whom a plan stops, as far as the server tells. A reading beside the plan.

Usage moves, so none of this is in a plan's bytes, and nothing of it steers what apply does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.value import NO_UNITS, Unit

DEFAULT_BUDGET = 500
"""Requests for one impact: the list of instances and the usage of holders. 0 looks at nobody."""


class Standing(StrEnum):
    """Where a holder is after the change, worst first."""

    OVER = "over"
    """It uses more than is accepted afterwards: its next report is refused."""
    NEAR = "near"
    """It uses 90 % or more of what is accepted afterwards."""
    LOSES = "loses"
    """Something that is not metered is taken away, so whether it is used is not known; or a whole
    license."""
    UNKNOWN = "unknown"
    """Its usage or its own limit could not be read for certain."""
    WITHIN = "within"
    UNAFFECTED = "unaffected"
    """It keeps everything that it has."""


class FailOn(StrEnum):
    """What a plan may be refused for although every guard lets it pass."""

    TIGHTENS = "tightens"
    """Any change that tightens or breaks."""
    OVER = "over"
    """A holder who is over a new maximum, or of whom that is not certain."""
    BREAKS = "breaks"
    """Any change that breaks."""


class Affected(Immutable, frozen=True, kw_only=True):
    """One change of a plan that takes something from holders of a license version.

    `before` and `after` are the highest usage that is accepted: infinite if there is no limit,
    None if nothing is granted. `entitlement` is None if the license itself changes.
    """

    address: Address
    action: Action
    version: str
    entitlement: str | None
    is_metered: bool
    before: float | None
    after: float | None
    threshold: float | None
    """The number of the grant before, as a server reports it as an instance's limit."""
    threshold_after: float | None = None
    """The same after the change: what a server reports once it is applied."""
    units: tuple[Unit, Unit] = NO_UNITS
    """Of the number before and after."""
    is_kept: bool = False
    """A move takes nothing of it, so it concerns those alone who are over it already."""


class HolderImpact(Immutable, frozen=True, kw_only=True):
    """One holder of what changes. `reaches` is when it gets there at its present pace, a guess."""

    instance: str
    customer: str
    used: float | None
    standing: Standing
    reaches: datetime | None = None


class ChangeImpact(Immutable, frozen=True, kw_only=True):
    """Whom one change affects.

    `holders` counts all of them. `looked_at` are those that were read, worst first, and the counts
    of `standings` are of these.
    """

    affected: Affected
    holders: int
    looked_at: tuple[HolderImpact, ...]

    @property
    def standings(self) -> Mapping[Standing, int]:
        """How many of those looked at are in each standing; none is left out."""
        found = dict.fromkeys(Standing, 0)
        for each in self.looked_at:
            found[each.standing] += 1
        return found


class RaisedLimit(Immutable, frozen=True, kw_only=True):
    """One change that gives holders more of something metered, and who has met the old limit.

    `at_limit` use their threshold or more, and `refused` had a report refused lately, of those
    `looked_at`; None if the server does not tell.
    """

    affected: Affected
    holders: int
    looked_at: int
    at_limit: int
    refused: int | None


class Sample(Immutable, frozen=True, kw_only=True):
    """A part of the holders was looked at. `margin` is in percentage points, at 95 % confidence."""

    size: int
    population: int
    margin: float


class Impact(Immutable, frozen=True, kw_only=True):
    """Whom a plan affects, riskiest change first, and who has met the limits that it raises.

    `gap` says why the holders could not be looked at, None if they were. `requests` were sent for
    this, of `budget` that could have been. `words` are those of a command line that name the plan
    file, for the commands that a report suggests.
    """

    target: TargetRef
    plan_digest: str
    taken_at: datetime
    requests: int
    budget: int
    changes: tuple[ChangeImpact, ...]
    raised: tuple[RaisedLimit, ...] = ()
    sample: Sample | None = None
    gap: str | None = None
    words: tuple[str, ...] = ("PLAN",)

    @property
    def concerns_anybody(self) -> bool:
        """Whether holders may have less after the plan, or were looked at since they get more."""
        return bool(self.changes or self.raised)

    @property
    def was_read(self) -> bool:
        """Whether holders were looked at."""
        return self.gap is None and self.concerns_anybody

    def count(self, standing: Standing) -> int:
        """How many different holders are in a standing, whichever change put them there."""
        return len(
            {
                holder.instance
                for change in self.changes
                for holder in change.looked_at
                if holder.standing is standing
            }
        )

    @property
    def holders(self) -> int:
        """How many different holders were looked at."""
        return len({each.instance for change in self.changes for each in change.looked_at})
