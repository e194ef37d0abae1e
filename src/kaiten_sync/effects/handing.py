"""Which changes only hand something on, from one version of a family to another."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.kinds.registry import move_of
from kaiten_sync.model.change import Change


def handed_on(changes: Iterable[Change]) -> frozenset[str]:
    """Ids of the changes that clear a flag which a sibling gets in the same plan.

    They take nothing from anybody: the server itself clears the flag of the one when the other
    gets it, and whoever is new gets the other version. Source: API facts, section 2.4.
    """
    # What each move makes of the flag that one object of a family has; None for all other changes.
    flags = [
        (change, move[1].after if move is not None and move[0].one_per else None)
        for change in changes
        for move in [move_of(change.address.kind, change.action)]
    ]
    given = {change.id for change, after in flags if after is True}
    return frozenset(
        change.id
        for change, after in flags
        if after is False and not given.isdisjoint(change.depends_on)
    )
