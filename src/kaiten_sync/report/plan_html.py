"""A plan as one HTML file that needs nothing else. Stage 7. Riskiest first, grouped by object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kaiten_sync.model.change import Action, Change, Effect
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.family_lines import FAMILIES_TITLE, family_lines
from kaiten_sync.report.field_rows import FieldRow, field_rows, place_of
from kaiten_sync.report.impact_html import impact_parts
from kaiten_sync.report.left import LEFT_TITLE, NO_WAY, left_lines, no_changes
from kaiten_sync.report.pages import NAME_LIMIT, VALUE_LIMIT, template
from kaiten_sync.report.pricing import table_of_plan
from kaiten_sync.report.pricing_formats import pricing_parts
from kaiten_sync.report.risk import riskiest_first, takes_away
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import (
    counted,
    effect_word,
    is_move,
    plan_summary,
    plan_warnings,
    symbol_of,
    with_place,
    word_of,
)

_HARMFUL = {
    Effect.BREAKS: "Breaks: cannot be done in place",
    Effect.TIGHTENS: "Tightens: somebody gets less",
}
_DELETES = "Deletes and archives"
_OTHER = "Changes"
_NEW = "New"
_TITLES = (*_HARMFUL.values(), _DELETES, _OTHER, _NEW)
"""The sections in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanCard:
    """One change, ready to be shown."""

    action: str
    symbol: str
    word: str
    effect: str
    address: str
    place: str
    reason: str
    has_sides: bool
    rows: tuple[FieldRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One object with its grants. It is in the section of its riskiest change."""

    name: str
    cards: tuple[_PlanCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    title: str
    groups: tuple[_Group, ...]
    count: str


def plan_html(
    plan: Plan,
    diagnostics: Sequence[Diagnostic] = (),
    impact: Impact | None = None,
    *,
    is_revert: bool = False,
) -> str:
    """A whole page: no scripts, no assets, light and dark, as narrow as a phone."""
    refusals = [each for each in diagnostics if each.severity is Severity.ERROR]
    target = cut(safe_text(plan.target.name), NAME_LIMIT)
    return template("plan.html").render(
        target=target,
        url=cut(safe_text(plan.target.url), NAME_LIMIT),
        summary=plan_summary(plan),
        no_changes=f"No changes. {no_changes(plan, target, is_revert=is_revert)}",
        is_empty=plan.is_empty,
        no_way=NO_WAY,
        families_title=FAMILIES_TITLE,
        families=[cut(line, VALUE_LIMIT) for line in family_lines(plan)],
        left_title=LEFT_TITLE,
        left=[cut(line, VALUE_LIMIT) for line in left_lines(plan)],
        refusals=[cut(safe_text(with_place(each)), VALUE_LIMIT) for each in refusals],
        warnings=[cut(safe_text(warning), VALUE_LIMIT) for warning in plan_warnings(plan)],
        sections=list(_sections(plan)),
        table=pricing_parts(table) if (table := table_of_plan(plan, impact)).rows else None,
        impact=impact_parts(impact) if impact is not None and impact.changes else None,
        digest=safe_text(plan.digest),
    )


def _sections(plan: Plan) -> Iterator[_Section]:
    by_object: dict[str, list[Change]] = {}
    for change in riskiest_first(plan.changes):
        by_object.setdefault(_object_of(change), []).append(change)
    by_title: dict[str, list[_Group]] = {title: [] for title in _TITLES}
    for name, changes in by_object.items():
        by_title[_title(name, changes)].append(
            _Group(
                name=cut(safe_text(name), NAME_LIMIT),
                cards=tuple(_card(change) for change in changes),
            )
        )
    for title, groups in by_title.items():
        if groups:
            count = counted(sum(len(group.cards) for group in groups), "change")
            yield _Section(title=title, groups=tuple(groups), count=count)


def _object_of(change: Change) -> str:
    """The object that a change is about, or in which it is."""
    address, declared = change.address, change.declared_as
    above = None if declared is None else declared.parent or declared
    return replace(change, address=address.parent or address, declared_as=above).subject


def _title(name: str, changes: list[Change]) -> str:
    """The section of an object, whose changes come riskiest first."""
    riskiest = changes[0]
    if riskiest.effect in _HARMFUL:
        return _HARMFUL[riskiest.effect]
    if takes_away(riskiest):
        return _DELETES
    is_new = any(c.action == Action.CREATE and c.subject == name for c in changes)
    return _NEW if is_new else _OTHER


def _card(change: Change) -> _PlanCard:
    return _PlanCard(
        action=str(change.action),
        symbol=symbol_of(change),
        word=word_of(change.action),
        effect=effect_word(change),
        address=cut(safe_text(change.subject), NAME_LIMIT),
        place=cut(place_of(change.source, change.fields), NAME_LIMIT),
        reason=cut(safe_text(change.reason or ""), VALUE_LIMIT),
        has_sides=change.action == Action.UPDATE or is_move(change),
        rows=tuple(field_rows(change.fields, VALUE_LIMIT)),
    )
