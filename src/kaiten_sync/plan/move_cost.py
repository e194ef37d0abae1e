"""Predicts the requests that applying a migration takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kaiten_sync.kinds.entitlement import ENTITLEMENT
from kaiten_sync.kinds.license import LICENSE
from kaiten_sync.model.change import Change
from kaiten_sync.model.plan import Guards, Observed
from kaiten_sync.model.reading import CONNECTIONS, pages

_MOVED = 3
"""Requests of a move: read, PUT, verify."""

LEAST_LISTED = 2
"""The lists of licenses and of instances have a page each, at the least."""


def times_watched(moves: int) -> int:
    """How often what the versions grant is looked at again while so many holders are moved."""
    return max(0, moves - 1) // CONNECTIONS


def requests_to_move(
    changes: Sequence[Change],
    observed: Sequence[Observed],
    guards: Guards,
    listed: int = LEAST_LISTED,
    measured: int = 1,
    watched: int = 0,
) -> int:
    """How many requests applying will take when nothing has to be sent twice.

    `listed` are those of the lists of licenses and instances, and `measured` those of the list of
    entitlements, which is read again if the plan shows their units. What the versions grant is
    looked at `watched` times more. The usage of a holder is read again, unless it is moved whatever
    it uses.
    """
    if not changes:
        return 0
    grants = Counter(each.address.parent for each in observed)
    versions = [each.address for each in observed if each.address.kind == LICENSE.kind]
    asked = sum(each.address not in guards.allowed for each in changes)
    lists = sum(pages(grants[version]) for version in versions)
    shows_units = any(each.address.kind == ENTITLEMENT.kind for each in observed)
    lists *= 1 + watched
    return listed + lists + measured * shows_units + asked + _MOVED * len(changes)
