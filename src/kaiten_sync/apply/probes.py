"""Which changes are tried first and alone, because the server may refuse them.

Deletes of what may be in use unseen come before all else, also those that wait for their grants to
go: the server refuses them, and says what else it keeps them for. Then comes one grant of each
license that the server may bill. If one of them is refused for good, nothing else is tried.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.errors import BilledError, HeldError, KaitenSyncError, ProblemError
from kaiten_sync.kinds.registry import may_be_in_use
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.change import Action, Change

_VERSIONS_LIMIT = 8
"""Versions of which one grant is written alone. No field says that a version is billed, and each
probe costs the time of one write."""


class Probes:
    """The probes of one run, by the places of their changes in the plan."""

    def __init__(self, changes: Sequence[Change], unmet: Sequence[int]) -> None:
        """Choose them by how many changes each waits for; less than 0 if it is not to be done."""
        self.is_refused = False
        can_begin = [place for place, count in enumerate(unmet) if count == 0]
        kinds = ((each.address.kind, each.action) for each in changes)
        deletes = [place for place, each in enumerate(kinds) if may_be_in_use(*each)]
        self.granted = [place for place in deletes if unmet[place] > 0]
        """Deletes that wait for others, in the order of the plan."""
        self._deletes = {place for place in deletes if unmet[place] == 0}
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

    def end_granted(self, error: KaitenSyncError | None) -> bool:
        """Whether a delete that waits for others has ended already; False if it has to wait.

        Older servers answer 500, whatever keeps the object.
        """
        is_kept = isinstance(error, ProblemError)
        is_used = isinstance(error, HeldError) and error.is_used
        self.is_refused = self.is_refused or is_used
        return is_used or not is_kept


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
