"""What every report of an impact says alike. Stage 7."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from kaiten_sync.licensing import is_read_with_prefix, isolated, may_scale_both, quantity_text
from kaiten_sync.model.impact import (
    Affected,
    ChangeImpact,
    HolderImpact,
    Impact,
    RaisedLimit,
    Standing,
)
from kaiten_sync.model.value import NO_UNIT, Unit
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import word_of

SHOWN = 10
"""Holders of each change that are named: the worst. `--format csv` has all."""

_MOST_RAISED = 10
"""Raised limits that are listed: nobody is harmed by them, so they leave room for the rest."""

_ALWAYS = (Standing.OVER, Standing.NEAR, Standing.WITHIN)
_IF_ANY = (Standing.LOSES, Standing.UNKNOWN, Standing.UNAFFECTED)
MOST_PRECISE = 6
"""Digits after the point. Averages have more, which nobody compares with a limit."""


def number_text(value: float | None, unit: Unit = NO_UNIT, *, may_scale: bool = True) -> str:
    """`1,200`, `0.5`, `25 seats`, `unlimited`, or `none` for what is not granted."""
    if value is None:
        return "none"
    if math.isinf(value):
        return "unlimited"
    whole = int(value) if float(value).is_integer() else value
    return isolated(safe_text(quantity_text(whole, unit, MOST_PRECISE, may_scale=may_scale)))


def counts_text(change: ChangeImpact) -> str:
    """`12 holders: 3 over, 1 near, 8 within`."""
    standings = change.standings
    if not change.holders:
        return "no holders"
    if not change.looked_at:
        return f"{counted(change.holders, 'holder')}, none looked at"
    shown = _ALWAYS if change.affected.is_metered else ()
    parts = [f"{standings[each]:,} {each}" for each in shown]
    parts += [_counted(each, standings[each]) for each in _IF_ANY if standings[each]]
    asked = len(change.looked_at)
    part = f" ({asked:,} looked at)" if asked != change.holders else ""
    return f"{counted(change.holders, 'holder')}{part}: {', '.join(parts)}"


def _counted(standing: Standing, number: int) -> str:
    if standing is Standing.LOSES:
        return f"{number:,} {'loses' if number == 1 else 'lose'} something"
    return f"{number:,} {standing}"


def raised_text(raised: RaisedLimit) -> str:
    """`4 holders: 1 at the old limit, 2 refused in the last 30 days`."""
    holders = counted(raised.holders, "holder")
    if not raised.looked_at:
        return f"{holders}, none looked at"
    part = "" if raised.looked_at == raised.holders else f" ({raised.looked_at:,} looked at)"
    refused = (
        "the server does not say who was refused"
        if raised.refused is None
        else f"{raised.refused:,} refused in the last 30 days"
    )
    return f"{holders}{part}: {raised.at_limit:,} at the old limit, {refused}"


def raised_lines(impact: Impact) -> Iterator[tuple[str, str]]:
    """Each raised limit and who has met it, those that most have met first, and what is left out.

    JSON has all of them.
    """
    for each in impact.raised[:_MOST_RAISED]:
        yield change_text(each.affected), raised_text(each)
    if len(impact.raised) > _MOST_RAISED:
        left = counted(len(impact.raised) - _MOST_RAISED, "more raised limit")
        yield left, f"{safe_text(impact_command(impact))} --format json has all"


def impact_command(impact: Impact) -> str:
    """The command that shows the whole impact."""
    return shlex.join(["kaiten-sync", "impact", *impact.words])


def change_text(affected: Affected) -> str:
    """`license/growth/grant/api-calls: 1,000 → 500`, of the highest usage that is accepted.

    If that stays, the threshold below it is what changes.
    """
    if not affected.is_metered:
        what = "taken away" if affected.entitlement else word_of(affected.action)
        return f"{safe_text(str(affected.address))}: {what}"
    text = (
        f"{safe_text(str(affected.address))}: {_moved(affected, affected.before, affected.after)}"
    )
    thresholds = (affected.threshold, affected.threshold_after)
    if affected.before != affected.after or thresholds[1] in (None, thresholds[0]):
        return text
    return f"{text} (threshold {_moved(affected, *thresholds)})"


def _moved(affected: Affected, old: float | None, new: float | None) -> str:
    """A number before and after, with its unit."""
    before, after = affected.units
    may_scale = may_scale_both(before, after)
    return (
        f"{number_text(old, before, may_scale=may_scale)} →"
        f" {number_text(new, after, may_scale=may_scale)}"
    )


def holder_text(holder: HolderImpact) -> str:
    """`acme-prod (acme)`."""
    customer = f" ({isolated(safe_text(holder.customer))})" if holder.customer else ""
    return f"{isolated(safe_text(holder.instance))}{customer}"


def use_text(change: ChangeImpact, holder: HolderImpact) -> str:
    """`750 of 500`, and when the rest is used up at the present pace."""
    if not change.affected.is_metered:
        return ""
    unit = change.affected.units[1]
    used = (
        "unknown"
        if holder.used is None
        else number_text(holder.used, unit if is_read_with_prefix(unit) else NO_UNIT)
    )
    reaches = f", reaches it by {day_text(holder.reaches)}" if holder.reaches else ""
    return f"{used} of {number_text(change.affected.after or 0, unit)}{reaches}"


def totals_text(impact: Impact) -> str:
    """One sentence for all changes together."""
    if impact.gap is not None:
        return f"Holders could not be looked at: {safe_text(impact.gap)}"
    if not impact.changes:
        return "No change takes anything from a holder."
    parts = [f"{impact.count(each):,} {each}" for each in (Standing.OVER, Standing.NEAR)]
    parts += [
        _counted(each, count)
        for each in (Standing.LOSES, Standing.UNKNOWN)
        if (count := impact.count(each))
    ]
    return f"{counted(impact.holders, 'holder')} looked at: {', '.join(parts)}."


def cost_text(impact: Impact) -> str:
    """What the reading took, and which part of the holders it covers."""
    taken = f"{counted(impact.requests, 'request')} of at most {impact.budget:,}"
    if impact.sample is None:
        return f"{taken}."
    sample = impact.sample
    return (
        f"{taken}: a sample of {sample.size:,} of {counted(sample.population, 'holder')};"
        f" shares are within {sample.margin:.0f} percentage points."
    )


def worth_naming(change: ChangeImpact) -> Iterator[HolderImpact]:
    """The worst holders: those whom the change leaves untouched are only counted."""
    quiet = (Standing.WITHIN, Standing.UNAFFECTED)
    named = (h for h in change.looked_at if h.standing not in quiet or h.reaches)
    for _, holder in zip(range(SHOWN), named, strict=False):
        yield holder


def share(used: float | None, whole: float | None) -> int:
    """A part in percent for a bar, at most 100."""
    if not used or used < 0 or whole is None or math.isinf(whole):
        return 0
    # The least first: a share of next to nothing is infinite, which has no whole number.
    return 100 if whole <= 0 else round(min(100.0, 100 * used / whole))


def moment_text(moment: datetime) -> str:
    """`2026-11-28 17:00 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def day_text(moment: datetime) -> str:
    """`2026-12-03`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def without_names(impact: Impact, known: Mapping[str, str] | None = None) -> Impact:
    """The same with numbers in place of instances, and without customers.

    `known` are numbers that instances have already.
    """
    numbers = dict(known or {})
    for change in impact.changes:
        for holder in change.looked_at:
            numbers.setdefault(holder.instance, f"holder {len(numbers) + 1}")
    changes = (
        change.changed(
            looked_at=tuple(
                h.changed(instance=numbers[h.instance], customer="") for h in change.looked_at
            ),
        )
        for change in impact.changes
    )
    return impact.changed(changes=tuple(changes))
