"""What one change leaves one holder. Pure: the time comes in as an argument."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from kaiten_sync.model.change import Action
from kaiten_sync.model.holder import Instance, Usage
from kaiten_sync.model.impact import Affected, HolderImpact, Standing

NEAR = 0.9
"""The share of the new maximum from which a holder is near it."""

HORIZON = timedelta(days=30)
"""How far ahead a pace says anything: a month is a customer's usual window."""

_ORDER = list(Standing)


def judge(
    affected: Affected, instance: Instance, usage: Usage | None, now: datetime
) -> HolderImpact:
    """Where a holder of the version is after the change. `usage` is None if it was not read."""
    used = used_now(usage, now)
    standing = _standing(affected, usage, used)
    # What a move does not take away can leave a holder over only if it is over already.
    if affected.is_kept and standing is not Standing.OVER:
        standing = Standing.UNAFFECTED
    return HolderImpact(
        instance=instance.slug,
        customer=instance.customer,
        used=used,
        standing=standing,
        reaches=_reaches(affected, usage, used, now)
        if standing in (Standing.NEAR, Standing.WITHIN)
        else None,
    )


def worst_first(holders: Iterable[HolderImpact]) -> tuple[HolderImpact, ...]:
    """By standing, then those who use most, then by name."""
    found = sorted(holders, key=lambda each: (-(each.used or 0), each.instance))
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.standing)))


def used_now(usage: Usage | None, now: datetime) -> float | None:
    """What counts now: a window that has ended counts nothing."""
    if usage is None:
        return None
    return 0 if usage.period_end is not None and usage.period_end <= now else usage.value


def _standing(affected: Affected, usage: Usage | None, used: float | None) -> Standing:
    if affected.entitlement is None:
        # Whoever has an archived license keeps it. One that is deleted takes all that it granted.
        return Standing.LOSES if affected.action == Action.DELETE else Standing.UNAFFECTED
    if not affected.is_metered:
        return Standing.LOSES
    if usage is None or used is None:
        return Standing.UNKNOWN
    after = affected.after
    # More than the grant may cover what is over, and less may stop what is within. The rest is
    # certain whatever the limit of its own becomes.
    extra, is_over = _extra(affected, usage), used > (after or 0)
    if (extra > 0 and is_over) or (extra < 0 and used > 0 and not is_over):
        return Standing.UNKNOWN
    if after is None:
        return Standing.OVER if used > 0 else Standing.WITHIN
    if used > after:
        return Standing.OVER
    return Standing.NEAR if used > 0 and used >= NEAR * after else Standing.WITHIN


def _extra(affected: Affected, usage: Usage) -> float:
    """What the instance may use beyond its grant, as add-ons allow; negative if it may use less.

    The server reports the limit of each instance. If it says nothing, the grant is the limit. Once
    the change is applied, that is the grant after it.
    """
    granted = (affected.threshold, affected.threshold_after)
    if usage.limit is None or affected.threshold is None or usage.limit in granted:
        return 0
    return usage.limit - affected.threshold


def _reaches(
    affected: Affected, usage: Usage | None, used: float | None, now: datetime
) -> datetime | None:
    """When usage gets to the new maximum if it goes on as it did in the present window.

    Linear, so a guess. None if it does not get there before the window or the horizon ends, or
    if there is no window to measure the pace in.
    """
    if usage is None or used is None or usage.period_start is None or affected.after is None:
        return None
    elapsed = now - usage.period_start
    if used <= 0 or elapsed <= timedelta(0):
        return None
    end = min(now + HORIZON, usage.period_end or now + HORIZON)
    # In seconds first: a limit may be infinite, or further away than any date.
    needed_s = elapsed.total_seconds() * (affected.after / used)
    if not needed_s < (end - usage.period_start).total_seconds():
        return None
    reached = usage.period_start + timedelta(seconds=needed_s)
    return reached if now <= reached < end else None
