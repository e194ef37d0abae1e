"""Which grants are verified together: one list of a license shows all that were sent.

The list is read after the last of them was sent, and not for each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from kaiten_sync.errors import KaitenSyncError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import ChildList
from kaiten_sync.model.change import Change


class Result(Immutable, frozen=True):
    """What a worker reports of one change: whether it wrote, and why it failed if it did."""

    place: int
    """Of the change, in the plan."""
    has_written: bool = False
    error: KaitenSyncError | None = None


class Batches:
    """The grants that one run sends, by the lists that show them. Other changes are ignored."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        grants = (change for change in changes if change.address.parent is not None)
        waited_for = {each for change in grants for each in change.depends_on}
        self._lists = {c.id: c.address.child_list for c in changes if c.id in waited_for}
        """Of changes that a grant waits for, by their ids."""
        self._open: Counter[ChildList] = Counter()
        """How many of a list have to be sent before it is read."""
        self._later: set[int] = set()
        """Changes that wait for one in the same list: they cannot be verified together."""
        self._sent: dict[ChildList, list[Result]] = defaultdict(list)

    def enter(self, place: int, waits_for: Iterable[str]) -> None:
        """Count a change that has to be sent."""
        if (children := self._list_of(place)) is None:
            return
        if any(self._lists[each] == children for each in waits_for):
            self._later.add(place)
        else:
            self._open[children] += 1

    def begin(self, place: int) -> None:
        """A change that waited for others can be sent now: count it, if it was not."""
        if place in self._later:
            self._count(place, 1)

    def block(self, place: int) -> None:
        """A change will not be sent, since one that it waits for failed."""
        # Later grants are counted only once they can begin, so this one never was.
        if place not in self._later:
            self._count(place, -1)

    def answered(self, place: int) -> None:
        """A change was sent, whatever became of it."""
        self._count(place, -1)

    def hold(self, result: Result) -> bool:
        """Keep what was sent until its list is read; False if it is in none."""
        if (children := self._list_of(result.place)) is not None:
            self._sent[children].append(result)
        return children is not None

    def stop(self, under_way: Collection[int]) -> None:
        """Nothing more is sent: all that the lists wait for now is what is under way."""
        left = Counter(self._list_of(each) for each in under_way)
        for children in self._sent:
            self._open[children] = left[children]

    def complete(self) -> Iterator[tuple[ChildList, Sequence[Result]]]:
        """Take out the lists of which everything was sent."""
        for children in list(self._sent):
            if not self._open[children]:
                yield children, self._sent.pop(children)

    def _list_of(self, place: int) -> ChildList | None:
        return self._changes[place].address.child_list

    def _count(self, place: int, by: int) -> None:
        if (children := self._list_of(place)) is not None:
            self._open[children] += by
