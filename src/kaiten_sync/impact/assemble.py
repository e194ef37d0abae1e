"""Puts a plan's changes and the usage of holders together. Pure: what was read comes in."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import datetime

from kaiten_sync.immutable import Immutable
from kaiten_sync.impact.judge import judge, worst_first
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected, ChangeImpact, Sample, Standing

_CONFIDENCE = 0.98
"""1.96 standard errors of a share of one half: the widest interval of 95 %."""


class Asking(Immutable, frozen=True, kw_only=True):
    """Who holds what changes, by license version, and whom to ask for their usage.

    `sample` says that only a part of the holders is asked.
    """

    holders: Mapping[str, tuple[Instance, ...]]
    asked: tuple[str, ...]
    sample: Sample | None


def whom_to_ask(
    affected: Sequence[Affected], instances: Sequence[Instance], *, seed: str, budget: int
) -> Asking:
    """The holders of what is metered, as many as the budget of requests allows.

    The same seed chooses the same sample.
    """
    ordered = sorted(instances, key=lambda each: each.slug)
    holders = {
        version: tuple(each for each in ordered if each.license == version)
        for version in {each.version for each in affected}
    }
    metered = sorted({each.version for each in affected if each.is_metered})
    everyone = [each.slug for version in metered for each in holders[version]]
    if len(everyone) <= budget:
        return Asking(holders=holders, asked=tuple(everyone), sample=None)
    # The list of instances alone may have taken more than the budget.
    size = max(budget, 0)
    chosen = random.Random(seed).sample(everyone, size)  # noqa: S311  (a sample is no secret)
    sample = Sample(size=size, population=len(everyone), margin=_margin(size, len(everyone)))
    return Asking(holders=holders, asked=tuple(sorted(chosen)), sample=sample)


def _margin(size: int, population: int) -> float:
    """How far a share in the sample may be from that of all, in percentage points."""
    if size == 0 or population == 1:
        return 100.0
    rest = (population - size) / (population - 1)
    return min(100.0, 100 * _CONFIDENCE * math.sqrt(rest / size))


def change_impacts(
    affected: Sequence[Affected],
    asking: Asking,
    usage: Mapping[str, Sequence[Usage]],
    now: datetime,
) -> tuple[ChangeImpact, ...]:
    """Each change with those of its holders that were looked at; the riskiest change first.

    What a move takes from nobody is left out unless somebody is over it.
    """
    every = [_change(each, asking.holders[each.version], usage, now) for each in affected]
    found = [e for e in every if not e.affected.is_kept or e.standings[Standing.OVER]]
    # By address first, since sorting keeps the order of equals: the same reading is always told
    # alike.
    found.sort(key=lambda each: each.affected.address.sort_key)
    found.sort(key=lambda each: [-number for number in each.standings.values()])
    return tuple(found)


def _change(
    affected: Affected,
    holders: Sequence[Instance],
    usage: Mapping[str, Sequence[Usage]],
    now: datetime,
) -> ChangeImpact:
    looked_at = []
    for each in holders:
        if each.slug in usage or not affected.is_metered:
            used = (u for u in usage.get(each.slug, ()) if u.entitlement == affected.entitlement)
            looked_at.append(judge(affected, each, next(used, None), now))
    return ChangeImpact(affected=affected, holders=len(holders), looked_at=worst_first(looked_at))
