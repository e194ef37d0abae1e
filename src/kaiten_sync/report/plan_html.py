"""A plan as one HTML file that needs nothing else. Stage 7. Riskiest first, grouped by object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.change import Action, Effect
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.pricing import table_of_plan
from kaiten_sync.report.entries import PlanEntry, entries_of
from kaiten_sync.report.field_rows import FieldRow, with_word
from kaiten_sync.report.impact_html import impact_parts
from kaiten_sync.report.left import NO_WAY, Note, no_changes, notes_beside
from kaiten_sync.report.notice import Notice
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.origin import Origin
from kaiten_sync.report.pages import NAME_LIMIT, VALUE_LIMIT, template
from kaiten_sync.report.plan_summary import plan_summary, plan_title
from kaiten_sync.report.pricing_formats import pricing_parts
from kaiten_sync.report.risk import riskiest_first, takes_away
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import plan_warnings

_HARMFUL = {
    Effect.BREAKS: "Breaks: cannot be done in place",
    Effect.TIGHTENS: "Tightens: holders get less",
}
_DELETES = "Deletes and archives"
_OTHER = "Changes"
_NEW = "New"
_TITLES = (*_HARMFUL.values(), _DELETES, _OTHER, _NEW)
"""The sections in their order."""


class _PlanCard(Immutable, frozen=True, kw_only=True):
    """One change, ready to be shown."""

    action: str
    symbol: str
    word: str
    effect: str
    address: str
    place: str
    place_word: str
    notes: tuple[str, ...]
    has_sides: bool
    rows: tuple[FieldRow, ...]


class _Group(Immutable, frozen=True, kw_only=True):
    """One object with its grants. It is in the section of its riskiest change."""

    name: str
    cards: tuple[_PlanCard, ...]


class _Section(Immutable, frozen=True, kw_only=True):
    title: str
    groups: tuple[_Group, ...]
    count: str


def plan_html(
    plan: Plan,
    notices: Sequence[Notice] = (),
    impact: Impact | None = None,
    *,
    is_refused: bool = False,
    origin: Origin = Origin.COMPARISON,
) -> str:
    """A whole page: no scripts, no assets, light and dark, as narrow as a phone.

    `notices` are what a reader has to know first.
    """
    target = cut(safe_text(plan.target.name), NAME_LIMIT)
    return template("plan.html").render(
        target=target,
        url=cut(safe_text(plan.target.url), NAME_LIMIT),
        summary=plan_summary(plan),
        title=plan_title(plan),
        no_changes=f"No changes. {no_changes(plan, target, origin)}",
        is_empty=plan.is_empty,
        no_way=NO_WAY,
        beside=[
            Note(each.title, tuple(cut(line, VALUE_LIMIT) for line in each.lines))
            for each in notes_beside(plan)
        ],
        is_refused=is_refused,
        notices=[
            Notice(
                message=cut(safe_text(each.message), VALUE_LIMIT),
                details=[cut(safe_text(line), VALUE_LIMIT) for line in each.details],
                hint=cut(safe_text(each.hint), VALUE_LIMIT) if each.hint else None,
                symbol=each.symbol,
            )
            for each in notices
        ],
        warnings=[cut(safe_text(warning), VALUE_LIMIT) for warning in plan_warnings(plan)],
        sections=list(_sections(plan)),
        table=pricing_parts(table) if (table := table_of_plan(plan, impact)).rows else None,
        impact=impact_parts(impact) if impact is not None and impact.concerns_anybody else None,
        digest=safe_text(plan.digest),
    )


def _sections(plan: Plan) -> Iterator[_Section]:
    by_object: dict[str, list[PlanEntry]] = {}
    for entry in riskiest_first(entries_of(plan)):
        by_object.setdefault(entry.whole, []).append(entry)
    by_title: dict[str, list[_Group]] = {title: [] for title in _TITLES}
    # Whole objects: a grant apart from its license cannot be judged.
    for name, entries in by_object.items():
        by_title[_title(name, entries)].append(
            _Group(
                name=cut(safe_text(name), NAME_LIMIT),
                cards=tuple(
                    _PlanCard(
                        action=str(entry.action),
                        symbol=entry.symbol,
                        word=entry.word,
                        effect=entry.effect_word,
                        address=cut(safe_text(entry.subject), NAME_LIMIT),
                        place=cut(entry.place, NAME_LIMIT),
                        place_word=with_word(entry.place, "declared at"),
                        notes=tuple(cut(note, VALUE_LIMIT) for note in entry.notes),
                        has_sides=entry.has_sides or entry.is_move,
                        rows=tuple(entry.rows(VALUE_LIMIT)),
                    )
                    for entry in entries
                ),
            )
        )
    for title, groups in by_title.items():
        if groups:
            count = counted(sum(len(group.cards) for group in groups), "change")
            yield _Section(title=title, groups=tuple(groups), count=count)


def _title(name: str, entries: list[PlanEntry]) -> str:
    """The section of an object, whose changes come riskiest first."""
    riskiest = entries[0]
    if riskiest.effect in _HARMFUL:
        return _HARMFUL[riskiest.effect]
    if takes_away(riskiest):
        return _DELETES
    is_new = any(e.action == Action.CREATE and e.subject == name for e in entries)
    return _NEW if is_new else _OTHER
