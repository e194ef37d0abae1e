"""A plan's changes as they are read: what belongs together is one entry. Stage 7.

Grants that are deleted with their license are read with it. A new version of a license is read as a
difference from the version that it replaces: grants that are alike in both are only counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from kaiten_sync.families import moved
from kaiten_sync.kinds.instance import MOVE
from kaiten_sync.kinds.registry import move_of, spec_of
from kaiten_sync.licensing import isolated
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import (
    Action,
    Change,
    Effect,
    FieldChange,
    gone_with_parent,
    subject_of,
)
from kaiten_sync.model.compact import Compact
from kaiten_sync.model.plan import NewVersion, Plan
from kaiten_sync.model.value import NO_UNITS, Unit
from kaiten_sync.pricing import known_in_plan, units_of_plan
from kaiten_sync.report.field_rows import FieldRow, field_rows, place_of
from kaiten_sync.report.risk import RISK_OF_DELETE, risk_of
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import LIMIT
from kaiten_sync.report.words import effect_word, symbol_of, word_of

_NAMED = 8
"""Grants that are named in one line; the others are counted."""

_LEFT_OUT = "left out"


class PlanEntry(Compact, frozen=True, kw_only=True):
    """What a reader takes in at once: a change, or what a new version leaves out.

    `effect_word` is empty if the effect goes without saying. `has_sides`: its fields are shown
    before and after. `declared` is the object as it is declared. `notes` are sentences about it,
    `units` those of its number before and after. `risk` is as in the tables of kinds.
    """

    address: Address
    declared: Address
    action: Action
    symbol: str
    word: str
    fields: tuple[FieldChange, ...]
    effect: Effect
    effect_word: str
    place: str
    notes: tuple[str, ...] = ()
    has_sides: bool = False
    units: tuple[Unit, Unit] = NO_UNITS
    risk: int

    @property
    def subject(self) -> str:
        """The object for people: as it is declared, and the version of it that is changed."""
        return subject_of(self.address, self.declared)

    @property
    def whole(self) -> str:
        """The object that it is about, or in which that is, for people."""
        return subject_of(
            self.address.parent or self.address, self.declared.parent or self.declared
        )

    @property
    def is_move(self) -> bool:
        """Whether the name of the action says all that its one field says."""
        return move_of(self.address.kind, self.action) is not None

    def rows(self, limit: int = LIMIT) -> Iterator[FieldRow]:
        """Its fields, ready to be shown."""
        return field_rows(self.fields, limit, units=self.units)


def entries_of(plan: Plan) -> Iterator[PlanEntry]:
    """What to show of a plan, in the plan's order."""
    known = known_in_plan(plan)
    for each in heads_of(plan):
        yield each.changed(units=units_of_plan(each.address, *known))


def heads_of(plan: Plan) -> Iterator[PlanEntry]:
    """The same without the units of numbers, which no head shows."""
    together = gone_with_parent(plan.changes)
    inside: dict[Address, list[Address]] = defaultdict(list)
    for address in sorted(together, key=lambda each: each.sort_key):
        if address.parent is not None:
            inside[address.parent].append(address)
    # A grant of a new version is looked up by its license, whose entry says what it replaces.
    versions = {each.address: each for each in plan.new_versions}
    for change in plan.changes:
        version = versions.get(change.address.parent or change.address)
        if change.action == Action.DELETE and change.address in together:
            continue  # named in the entry of its license
        if change.action == Action.CREATE and version is not None:
            yield from _of_new_version(change, version)
        else:
            yield _entry(change, _with_it(inside.get(change.address, ())))


def _entry(change: Change, note: str = "") -> PlanEntry:
    notes = (note, isolated(safe_text(change.reason or "")))
    return PlanEntry(
        address=change.address,
        declared=change.declared,
        action=change.action,
        symbol=symbol_of(change),
        word=word_of(change.action),
        fields=change.fields,
        effect=change.effect,
        effect_word=effect_word(change),
        place=place_of(change.source, change.fields),
        notes=tuple(filter(None, notes)),
        has_sides=change.action in (Action.UPDATE, MOVE),
        risk=risk_of(change),
    )


def _with_it(addresses: Sequence[Address]) -> str:
    """`deleted with its 2 grants: api-calls, seats`; empty if it contains nothing."""
    if not addresses:
        return ""
    plural = spec_of(addresses[0].kind).plural
    number = "" if len(addresses) == 1 else f"{len(addresses):,} "
    names = [safe_text(each.slug) for each in addresses]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    noun = addresses[0].kind if len(addresses) == 1 else plural
    return f"deleted with its {number}{noun}: {', '.join(names[:_NAMED])}{more}"


def _of_new_version(change: Change, version: NewVersion) -> Iterator[PlanEntry]:
    """A created version with what it leaves out, or a grant of it unless that is as it was."""
    if change.address == version.address:
        changed = [each.effect for each in version.changes if not (each.is_new or each.is_left_out)]
        numbers = (
            (changed.count(Effect.TIGHTENS), "tightens", "tighten"),
            (changed.count(Effect.LOOSENS), "loosens", "loosen"),
            (changed.count(Effect.NEUTRAL), "changes", "change"),
            (sum(each.is_new for each in version.changes), "new", "new"),
            (sum(each.is_left_out for each in version.changes), "left out", "left out"),
            (version.unchanged, "unchanged", "unchanged"),
        )
        told = [f"{n:,} {one if n == 1 else several}" for n, one, several in numbers if n]
        # `replaces license/growth: 1 tightens, 2 loosen, 1 new, 1 left out, 10 unchanged`
        replaced = safe_text(str(version.replaces))
        yield _entry(change, f"replaces {replaced}: {', '.join(told) or 'no grants'}")
        yield from (
            PlanEntry(
                address=each.address,
                declared=moved(each.address, {change.address: change.declared}),
                action=Action.DELETE,
                symbol="-",
                word=_LEFT_OUT,
                fields=each.fields,
                effect=each.effect,
                effect_word="" if each.effect is Effect.NEUTRAL else each.effect.value,
                place="",
                risk=RISK_OF_DELETE,
            )
            for each in version.changes
            if each.is_left_out
        )
        return
    found = next((each for each in version.changes if each.address == change.address), None)
    if found is not None and found.is_new:
        yield _entry(change)
    elif found is not None:
        word = "" if found.effect is Effect.NEUTRAL else found.effect.value
        yield _entry(change).changed(
            fields=found.fields,
            effect=found.effect,
            effect_word=word,
            place=place_of(change.source, ()),
            has_sides=True,
        )
