"""Who has met the limits that a plan raises: mostly the reason why somebody raises one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from kaiten_sync.impact.assemble import Asking
from kaiten_sync.impact.judge import used_now
from kaiten_sync.model.holder import Usage
from kaiten_sync.model.impact import Affected, RaisedLimit

LATELY = timedelta(days=30)
"""How far back a refused report counts. `report.impact_words` says it in words."""


def raised_limits(
    raised: Sequence[Affected],
    asking: Asking,
    usage: Mapping[str, Sequence[Usage]],
    refused: Mapping[str, Collection[str]] | None,
    now: datetime,
) -> tuple[RaisedLimit, ...]:
    """Each change with the number of holders that have met its old limit, most first.

    What nobody holds is left out. `refused` has the entitlements of which reports were refused
    lately, by instance; None if the server does not tell.
    """
    held = [each for each in raised if asking.holders[each.version]]
    found = [_limit(each, asking, usage, refused, now) for each in held]
    found.sort(key=lambda each: each.affected.address.sort_key)
    return tuple(sorted(found, key=lambda each: (-(each.refused or 0), -each.at_limit)))


def _limit(
    raised: Affected,
    asking: Asking,
    usage: Mapping[str, Sequence[Usage]],
    refused: Mapping[str, Collection[str]] | None,
    now: datetime,
) -> RaisedLimit:
    holders = asking.holders[raised.version]
    asked = set(asking.asked)
    looked_at = [each.slug for each in holders if each.slug in asked]
    counters = [
        u for slug in looked_at for u in usage.get(slug, ()) if u.entitlement == raised.entitlement
    ]
    at_limit = 0
    for each in counters:
        # An add-on may have given a holder another limit than its license.
        limit = raised.threshold if each.limit is None else each.limit
        used = used_now(each, now) or 0
        at_limit += limit is not None and used > 0 and used >= limit
    return RaisedLimit(
        affected=raised,
        holders=len(holders),
        looked_at=len(looked_at),
        at_limit=at_limit,
        refused=None
        if refused is None
        else sum(1 for slug in looked_at if raised.entitlement in refused.get(slug, ())),
    )
