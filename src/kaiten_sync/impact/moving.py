"""What a move to another version leaves a holder: pure, from grants and usage."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kaiten_sync.effects import Grants, Term, grants_seen, terms
from kaiten_sync.impact.judge import judge
from kaiten_sync.impact.limits import limit_of, threshold_of
from kaiten_sync.kinds.addresses import grant_address
from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Effect
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected, Standing
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import Fields

_ORDER = list(Standing)

HELD_BACK: Mapping[Standing, str] = {
    Standing.OVER: "it would be over: it uses more now than the version accepts",
    Standing.LOSES: "it would lose something whose use is not metered",
    Standing.UNKNOWN: "whether it would be over is not certain",
}
"""Why nobody in such a standing is moved unless a person names the holder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A holder after its move: the worst standing of all that it is granted, and what is left.

    `room` is the smallest share of a limit that is unused: 1 if nothing is used, 0 at the limit,
    negative beyond it.
    """

    standing: Standing
    room: float


def affected_by_move(version: str, before: Grants, after: Grants) -> tuple[Affected, ...]:
    """What holders of a version have less of afterwards, by the addresses of its grants."""
    return tuple(
        each
        for term in terms(before, after)
        if term.effect in (Effect.TIGHTENS, Effect.BREAKS)
        for each in [_affected(version, term)]
        if not each.is_metered or each.after is None or each.after < (each.before or 0)
    )


def prospect(
    version: str,
    before: Grants,
    after: Grants,
    instance: Instance,
    usage: Sequence[Usage] | None,
    now: datetime,
) -> Prospect:
    """Where a holder of a version is after its move. `usage` is None if it was not read."""
    used = {each.entitlement: each for each in usage or ()}
    taken = {each.entitlement: each for each in affected_by_move(version, before, after)}
    standings, rooms = [Standing.UNAFFECTED], [1.0]
    for term in terms(before, after):
        affected = taken.get(term.entitlement) or _affected(version, term)
        found = judge(affected, instance, used.get(term.entitlement), now)
        # What is not taken away can leave a holder over only if it is over already.
        if term.entitlement in taken or found.standing is Standing.OVER:
            standings.append(found.standing)
        if affected.is_metered and found.used is not None:
            rooms.append(_room(found.used, affected.after or 0))
    return Prospect(standing=min(standings, key=_ORDER.index), room=min(rooms))


def affected_by_migration(plan: Plan, to: Address) -> Iterator[Affected]:
    """What the holders that a plan moves have less of afterwards."""
    versions = {each.address for each in plan.observed if each.address.kind == to.kind} - {to}
    for version in sorted(versions, key=lambda each: each.sort_key):
        yield from affected_by_move(version.slug, grants_seen(plan, version), grants_seen(plan, to))


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


def _room(used: float, limit: float) -> float:
    if math.isinf(limit) or used <= 0:
        return 1.0
    return 1 - used / limit if limit > 0 else -math.inf
