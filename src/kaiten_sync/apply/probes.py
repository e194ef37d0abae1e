"""Which changes are tried first and alone, because the server may refuse them.

Deletes of what may be in use unseen come before all else, then one grant of each license that the
server may bill. If one of them is refused, nothing else is tried.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.errors import BilledError, KaitenSyncError, ProblemError
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import HeldBy
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.change import Action, Change

_VERSIONS_LIMIT = 8
"""Versions of which one grant is written alone. No field says that a version is billed, and each
probe costs the time of one write."""


class Probes:
    """The probes of one run, by the places of their changes in the plan."""

    def __init__(self, changes: Sequence[Change], can_begin: Sequence[int]) -> None:
        """Choose them among the changes that can begin."""
        self.is_refused = False
        self._deletes = {each for each in can_begin if _may_be_in_use(changes[each])}
        self._left = {*self._deletes, *_of_billed(changes, can_begin)}

    def __bool__(self) -> bool:
        """Whether a probe has no outcome yet."""
        return bool(self._left)

    def rank(self, place: int) -> tuple[bool, bool]:
        """What sorts probes before other changes, and deletes before other probes."""
        return place not in self._left, place not in self._deletes

    def end(self, place: int, error: KaitenSyncError | None) -> None:
        """Note how a change ended, a probe or not.

        A change that was turned away, or that somebody else made, is not refused. Of what may be in
        use any error of the server is a refusal: older servers answer 500 then.
        """
        if place in self._left:
            refusal = ProblemError if place in self._deletes else BilledError
            self.is_refused = self.is_refused or isinstance(error, refusal)
            self._left.discard(place)


def _may_be_in_use(change: Change) -> bool:
    """Whether a change deletes what the server may keep although nothing refers to it any more.

    Recorded usage of an entitlement that no license grants is in no list.
    """
    held_by = spec_of(change.address.kind).held_by
    return change.action == Action.DELETE and held_by is HeldBy.REFERRERS


def _of_billed(changes: Sequence[Change], can_begin: Sequence[int]) -> Sequence[int]:
    """The first grant of each of the first licenses that the server may bill."""
    # A version that this run makes has no holders yet, so no server can bill it.
    parents = {each.address.parent for each in changes}
    creates = (each.address for each in changes if each.action == Action.CREATE)
    made = parents.intersection(creates)
    first: dict[ChildList, int] = {}
    for place in can_begin:
        children = changes[place].address.child_list
        if children and children.parent not in made:
            first.setdefault(children, place)
    return [*first.values()][:_VERSIONS_LIMIT]
