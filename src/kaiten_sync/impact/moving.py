"""What a move to another version leaves a holder: pure, from grants and usage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from kaiten_sync.effects import Grants, Term, grants_seen, terms
from kaiten_sync.immutable import Immutable
from kaiten_sync.impact.judge import judge
from kaiten_sync.impact.limits import limit_of, threshold_of
from kaiten_sync.kinds.addresses import grant_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.model.address import Address
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected, Standing
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Fields

HELD_BACK: Mapping[Standing, str] = {
    Standing.OVER: "it would be over: it uses more now than the version accepts",
    Standing.LOSES: "it would lose something whose use is not metered",
    Standing.UNKNOWN: "whether it would be over is not certain",
}
"""Why nobody in such a standing is moved unless a person names the holder."""

_ORDER = sorted(Standing, key=lambda each: each not in HELD_BACK)
"""Worst first. Who comes near one limit may lose something else, and must not be moved for that."""


class Prospect(Immutable, frozen=True, kw_only=True):
    """A holder after its move: the worst standing of all that it is granted, and what is left.

    `room` is the smallest share of a limit that is unused: 1 if nothing is used, 0 at the limit,
    negative beyond it.
    """

    standing: Standing
    room: float


Outlook: TypeAlias = tuple[Affected, ...]
"""What a move from one version to another leaves any holder, by entitlement."""


def outlook(version: str, before: Grants, after: Grants) -> Outlook:
    """Compare what a version grants with what the version grants to which holders move."""
    found = []
    for term in terms(before, after):
        affected = _affected(version, term)
        is_less = affected.after is None or affected.after < (affected.before or 0)
        is_taken = term.effect.is_harmful and (is_less or not affected.is_metered)
        found.append(affected.changed(is_kept=not is_taken))
    return tuple(found)


def prospect(
    seen: Outlook, instance: Instance, usage: Sequence[Usage] | None, now: datetime
) -> Prospect:
    """Where a holder is after its move. `usage` is None if it was not read."""
    used = {each.entitlement: each for each in usage or ()}
    standings, rooms = [Standing.UNAFFECTED], [1.0]
    for affected in seen:
        found = judge(affected, instance, used.get(str(affected.entitlement)), now)
        standings.append(found.standing)
        if affected.is_metered and found.used is not None:
            limit = affected.after or 0
            if math.isinf(limit) or found.used <= 0:
                room = 1.0
            else:
                room = 1 - found.used / limit if limit > 0 else -math.inf
            rooms.append(room)
    return Prospect(standing=min(standings, key=_ORDER.index), room=min(rooms))


def affected_by_migration(plan: Plan, to: Address) -> Iterator[Affected]:
    """What holders that a plan moves have less of afterwards, or may be over, by version."""
    granted = grants_seen(plan)
    for version in sorted(granted.keys() - {to}, key=lambda each: each.sort_key):
        for each in outlook(version.slug, granted[version], granted[to]):
            is_limited = each.after is not None and math.isfinite(each.after)
            if is_limited or not each.is_kept:
                yield each


def _affected(version: str, term: Term) -> Affected:
    before, after = _limit(term.before), _limit(term.after)
    return Affected(
        address=grant_address(version, term.entitlement),
        action=MOVE,
        version=version,
        entitlement=term.entitlement,
        is_metered=before is not None or after is not None,
        before=before,
        after=after,
        threshold=threshold_of((term.before or {}).get(GRANT.limited_by[0])),
    )


def _limit(fields: Fields | None) -> float | None:
    return None if fields is None else limit_of(GRANT.limited_by, fields)
