"""The differences that have to be adopted together with others. Stage 4."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.kinds.references import references
from kaiten_sync.model.address import Address
from kaiten_sync.model.drift import Difference, DriftClass, Verdict
from kaiten_sync.model.resource import DesiredState, LiveState

_NOT_GITS = frozenset({Verdict.MISSING, Verdict.SERVER_EDITED, Verdict.CHANGED})
"""Differences of which nothing was declared since the last agreement."""


def taken_along(
    chosen: Collection[Difference],
    differences: Collection[Difference],
    live: LiveState,
    desired: DesiredState,
) -> Mapping[Address, str]:
    """What has to be adopted with what is chosen, and why."""
    return {
        **_rested_on(chosen, differences, live),
        **_resting_on(chosen, differences, desired),
    }


def _rested_on(
    chosen: Collection[Difference], differences: Collection[Difference], live: LiveState
) -> Mapping[Address, str]:
    """What nobody declares and the live side of what is chosen rests on.

    The entitlement of a grant, and the groups of an entitlement: without them, no declaration
    could be as the server is. A new license rests on what its grants rest on.
    """
    new = {each.address for each in differences if each.drift is DriftClass.UNMANAGED}
    known = {difference.address for difference in chosen}
    along: dict[Address, str] = {}
    waiting = [each.address for each in chosen if each.drift is not DriftClass.MISSING]
    for address in waiting:
        for needed in _needed_by(address, new, live):
            if needed in new and needed not in known:
                known.add(needed)
                along[needed] = f"{address} rests on it"
                # What is taken along may rest on more: the list grows while it is walked.
                waiting.append(needed)
    return along


def _resting_on(
    chosen: Collection[Difference], differences: Collection[Difference], desired: DesiredState
) -> Mapping[Address, str]:
    """What is declared and refers to a missing object that is chosen.

    Its own declaration would name what is no longer declared.
    """
    users: dict[Address, list[Difference]] = defaultdict(list)
    for each in differences:
        if each.verdict in _NOT_GITS and each.address in desired.resources:
            for target, _ in references(each.address, desired.resources[each.address].fields):
                users[target].append(each)
    known = {difference.address for difference in chosen}
    along: dict[Address, str] = {}
    waiting = [each.address for each in chosen if each.drift is DriftClass.MISSING]
    for address in waiting:
        for user in users[address]:
            if user.address not in known:
                known.add(user.address)
                along[user.address] = f"it rests on {address}"
                waiting += [user.address] if user.drift is DriftClass.MISSING else []
    return along


def _needed_by(address: Address, new: Collection[Address], live: LiveState) -> Iterator[Address]:
    adopted = [address]
    if address in new:
        adopted += [each for each in live.resources if each.parent == address]
    for each in adopted:
        for target, _ in references(each, live.resources[each].fields):
            yield target
