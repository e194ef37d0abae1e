"""What rules see of a plan: a row of values for each change, and those of the whole plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.kinds.registry import all_actions
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change, Effect
from kaiten_sync.model.impact import Impact, Standing
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.value import ABSENT, Json

_COUNTED = (
    Standing.OVER,
    Standing.NEAR,
    Standing.WITHIN,
    Standing.LOSES,
    Standing.UNKNOWN,
)
_HARMLESS = frozenset({Standing.WITHIN, Standing.UNAFFECTED})

Row = Mapping[str, Json]
_NOBODY: Row = {"impact.holders": 0} | {f"impact.{each}": 0 for each in _COUNTED}
"""A change that takes nothing away."""


def plan_row(plan: Plan) -> Row:
    """The variables that are the same for all changes of a plan."""
    actions = {str(each): 0 for each in (*all_actions(), MOVE)} | dict(plan.summary.actions)
    effects = {each.value: 0 for each in Effect} | dict(plan.summary.effects)
    return {
        "plan.changes": len(plan.changes),
        "plan.actions": actions,
        "plan.effects": effects,
        "plan.requests": plan.requests,
        "target": plan.target.name,
        "target.name": plan.target.name,
        "target.url": plan.target.url,
    }


class SeenImpact(Protocol):
    """Whom a plan affects, as far as that is known."""

    def row(self, change: Change) -> Row:
        """The variables of a change's impact; those that are not known are left out."""

    @property
    def gap(self) -> str:
        """Why variables are left out."""


class GivenImpact(Immutable, frozen=True):
    """Whom a plan affects, as somebody says; `counts` by address.

    Of an `affected` object without counts it is not known. The others take nothing away.
    """

    counts: Mapping[str, Mapping[str, Json]]
    affected: frozenset[Address]

    def row(self, change: Change) -> Row:
        """See `SeenImpact`."""
        found = self.counts.get(str(change.declared))
        if found is None:
            is_harmless = change.action != MOVE and change.declared not in self.affected
            return _NOBODY if is_harmless else {}
        return {**_NOBODY, **{f"impact.{name}": count for name, count in found.items()}}

    @property
    def gap(self) -> str:
        """See `SeenImpact`."""
        return "the holders were not looked at"


class ReadImpact(Immutable, frozen=True):
    """Whom a plan affects, as far as it was looked at."""

    impact: Impact

    def row(self, change: Change) -> Row:
        """See `SeenImpact`."""
        if change.action == MOVE:
            if self.impact.gap is not None:
                return {}
            # Who is not in a sample was not looked at, and may be anything.
            if self.impact.sample is not None:
                return {"impact.holders": 1}
            # All that becomes of the holder: who comes near one limit may lose something else.
            found_in = {
                each.standing
                for found in self.impact.changes
                for each in found.looked_at
                if each.instance == change.address.slug
            }
            stands = (found_in - _HARMLESS) or {Standing.WITHIN}
            counts = {f"impact.{each}": int(each in stands) for each in _COUNTED}
            return {"impact.holders": 1} | counts
        of = (change.declared, change.action)
        found = next(
            (e for e in self.impact.changes if (e.affected.address, e.affected.action) == of), None
        )
        if found is None:
            return _NOBODY
        # What is left out is not known, and a rule that asks for it cannot be judged.
        if self.impact.gap is not None:
            return {}
        holders: Row = {"impact.holders": found.holders}
        # Counts of a sample would let a rule pass that everybody's would not.
        if self.impact.sample is not None:
            return holders
        return {**holders, **{f"impact.{each}": found.standings[each] for each in _COUNTED}}

    @property
    def gap(self) -> str:
        """See `SeenImpact`."""
        if self.impact.gap is not None:
            return f"holders could not be looked at: {self.impact.gap}"
        if self.impact.sample is not None:
            size, population = self.impact.sample.size, self.impact.sample.population
            return f"only {size:,} of {population:,} holders were looked at"
        return "it is not known"


def change_row(change: Change) -> Row:
    """The variables of a change itself."""
    file = change.source.file if change.source else ""
    return {
        "change.address": str(change.declared),
        "change.kind": str(change.declared.kind),
        "change.action": str(change.action),
        "change.effect": change.effect.value,
        "change.fields": {
            each.name: {
                "effect": each.effect.value,
                # A rule asks `has(...)` for a side that is not there, so it must not be null.
                **({"before": each.before} if each.before is not ABSENT else {}),
                **({"after": each.after} if each.after is not ABSENT else {}),
            }
            for each in change.fields
        },
        "declared": file,
        "declared.file": file,
        "declared.line": change.source.line if change.source else 0,
    }
