"""Refuses plans by whom they affect, if the caller asks for it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kaiten_sync.model.change import Effect
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.impact import FailOn, Impact, Standing
from kaiten_sync.model.plan import Plan

_EFFECTS = {
    FailOn.TIGHTENS: frozenset({Effect.TIGHTENS, Effect.BREAKS}),
    FailOn.BREAKS: frozenset({Effect.BREAKS}),
}
_UNCERTAIN = frozenset({Standing.UNKNOWN, Standing.LOSES})


def gate(plan: Plan, impact: Impact, fail_on: Collection[FailOn]) -> tuple[Diagnostic, ...]:
    """Why the plan is refused, a diagnostic for each change; nothing if it is not.

    What could not be looked at is refused as well: a gate that lets through what it cannot see is
    none.
    """
    effects = frozenset().union(*(_EFFECTS.get(each, frozenset()) for each in fail_on))
    found = [
        Diagnostic(
            rule="fail-on",
            message=f"the change {change.effect}, which --fail-on refuses",
            address=str(change.declared),
            ref=change.source,
        )
        for change in plan.changes
        if change.effect in effects
    ]
    return (*found, *(_over(impact) if FailOn.OVER in fail_on else ()))


def _over(impact: Impact) -> Iterator[Diagnostic]:
    if impact.gap is not None and impact.changes:
        yield Diagnostic(
            rule="fail-on",
            message=f"holders could not be looked at: {impact.gap}",
            hint="use a token with the scope read:instances and an --impact-budget for all holders,"
            " or leave out --fail-on over",
        )
        return
    if impact.sample is not None:
        size, population = impact.sample.size, impact.sample.population
        yield Diagnostic(
            rule="fail-on",
            message=f"only {size:,} of {population:,} holder{'' if population == 1 else 's'}"
            f" {'was' if size == 1 else 'were'} looked at",
            hint="raise --impact-budget to look at all of them",
        )
    for change in impact.changes:
        over = change.standings[Standing.OVER]
        uncertain = sum(change.standings[each] for each in _UNCERTAIN)
        if over or uncertain:
            yield Diagnostic(
                rule="fail-on",
                message=f"holders who would be over: {over:,}; not certain: {uncertain:,}",
                address=str(change.affected.address),
            )
