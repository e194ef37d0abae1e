"""New versions that join a family which has to be there when they are made. Pure.

The server makes no version in a family that is gone, and gives each version the next number: what
the plan was judged by may be another once it is applied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from kaiten_sync.families.served import LINK, NUMBER, live_families, number_of
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.registry import family_kinds
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.resource import LiveResource
from kaiten_sync.model.source import SourceRef


class Joining(Immutable, frozen=True, kw_only=True):
    """A version that joins a family; `number` is the one that it is declared to get, if any."""

    id: str
    address: Address
    family: str
    number: int | None
    source: SourceRef | None


def joining(changes: Iterable[Change], compared: Collection[Address]) -> tuple[Joining, ...]:
    """The created versions of families that were there, as far as nothing else shows that.

    `compared` are those that replace an observed version: their family is there as long as that
    is. It does not show which number comes next.
    """
    found: list[Joining] = []
    opened: set[str] = set()
    for change in changes:
        if change.action != Action.CREATE or change.address.kind not in family_kinds():
            continue
        fields = {each.name: each.after for each in change.fields}
        family, number = fields.get(LINK), str(fields.get(NUMBER))
        if not isinstance(family, str):
            opened.add(change.address.slug)
        elif family not in opened and (number.isdecimal() or change.address not in compared):
            found.append(
                Joining(
                    id=change.id,
                    address=change.address,
                    family=family,
                    number=int(number) if number.isdecimal() else None,
                    source=change.source,
                )
            )
    return tuple(found)


def unjoinable(
    joined: Sequence[Joining], live: Iterable[LiveResource], done: Collection[str]
) -> Iterator[Diagnostic]:
    """What of it the server would not make any more, or would give another number.

    `done` are the ids of the changes that are done.
    """
    families = live_families(live) if joined else {}
    for each in joined:
        if each.id in done:
            continue
        family = families.get(each.family)
        if family is None:
            message = f"there was a family {each.family} when the plan was made, now there is none"
        elif each.number is not None and each.number <= number_of(family.newest):
            number = number_of(family.newest)
            message = f"it was to be version {each.number}, and {family.newest.address} is {number}"
        else:
            continue
        yield Diagnostic(
            rule="changed-since-plan",
            message=message,
            ref=each.source,
            address=str(each.address),
        )
