"""The differences that have to be adopted together with others. Stage 4."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.kinds.references import references
from kaiten_sync.model.address import Address
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.resource import LiveState


def taken_along(
    chosen: Collection[Difference], differences: Collection[Difference], live: LiveState
) -> Mapping[Address, Address]:
    """What nobody declares and the live side of what is chosen rests on, with what rests on it.

    The entitlement of a grant, and the groups of an entitlement: without them, no declaration
    could be as the server is. A new license rests on what its grants rest on.
    """
    new = {each.address for each in differences if each.drift is DriftClass.UNMANAGED}
    known = {difference.address for difference in chosen}
    along: dict[Address, Address] = {}
    waiting = [each.address for each in chosen if each.drift is not DriftClass.MISSING]
    for address in waiting:
        for needed in _needed_by(address, new, live):
            if needed in new and needed not in known:
                known.add(needed)
                along[needed] = address
                # What is taken along may rest on more: the list grows while it is walked.
                waiting.append(needed)
    return along


def _needed_by(address: Address, new: Collection[Address], live: LiveState) -> Iterator[Address]:
    adopted = [address]
    if address in new:
        adopted += [each for each in live.resources if each.parent == address]
    for each in adopted:
        for target, _ in references(each, live.resources[each].fields):
            yield target
