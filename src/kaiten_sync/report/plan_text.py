"""A plan for the terminal. Stage 7. In the plan's order, and all of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.model.change import Action
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.report.entries import PlanEntry, entries_of, heads_of
from kaiten_sync.report.impact_text import impact_lines
from kaiten_sync.report.left import no_changes, notes_beside
from kaiten_sync.report.origin import Origin
from kaiten_sync.report.paint import (
    ACTION_STYLES,
    EFFECT_STYLES,
    MOVE_STYLE,
    QUIET,
    TITLE,
    Paint,
    painter,
)
from kaiten_sync.report.plan_summary import plan_summary, plan_title
from kaiten_sync.report.rows import (
    INDENT,
    Row,
    change_lines,
    columns_for,
    row_lines,
    value_limit,
    value_lines,
)
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import (
    plan_warnings,
)

_LINES_AT_ONCE = 1_000


def plan_text(
    plan: Plan,
    impact: Impact | None = None,
    *,
    color: bool,
    width: int = 100,
    origin: Origin = Origin.COMPARISON,
) -> str:
    """The plan as a person reads it, `width` columns wide, ending with one summary line.

    Whom it affects comes before that line, if a change takes something from somebody.
    """
    return "".join(plan_texts(plan, impact, color=color, width=width, origin=origin))


def plan_texts(
    plan: Plan,
    impact: Impact | None = None,
    *,
    color: bool,
    width: int,
    origin: Origin = Origin.COMPARISON,
) -> Iterator[str]:
    """As `plan_text`, in parts of whole lines: the whole is as large as the plan."""
    lines = _lines(plan, impact, origin, painter(color=color), width)
    while some := [*islice(lines, _LINES_AT_ONCE)]:
        yield "\n".join(some) + "\n"


def _lines(
    plan: Plan, impact: Impact | None, origin: Origin, paint: Paint, width: int
) -> Iterator[str]:
    if plan.is_empty:
        said = no_changes(plan, safe_text(plan.target.name), origin)
        yield from (*_warnings(plan, paint), *_left(plan))
        yield f"{paint('No changes.', TITLE)} {said}"
        return
    where = f"{safe_text(plan.target.name)} at {safe_text(plan.target.url)}"
    yield paint(f"{plan_title(plan)} for {where}", TITLE)
    yield ""
    # Twice, as all entries together are as large as the plan.
    columns = columns_for(map(_row, heads_of(plan)), width)
    for entry in entries_of(plan):
        yield from row_lines(_row(entry), columns, paint)
        shown = list(entry.rows(value_limit(width)))
        is_short = bool(spec_of(entry.address.kind).shorthand)
        if entry.has_sides:
            yield from change_lines(shown, width, paint)
        elif not entry.is_move and (is_short or entry.action == Action.CREATE):
            yield from value_lines(shown, width, joined=is_short)
        for note in entry.notes:
            yield INDENT + paint(f"({note})", QUIET)
    yield ""
    yield from _warnings(plan, paint)
    yield from _left(plan)
    if impact is not None and impact.concerns_anybody:
        yield from impact_lines(impact, paint)
    yield paint(f"Plan: {plan_summary(plan)}", TITLE)


def _row(entry: PlanEntry) -> Row:
    return Row(
        symbol=entry.symbol,
        word=entry.word,
        subject=safe_text(entry.subject),
        note=entry.effect_word,
        place=entry.place,
        style=ACTION_STYLES.get(entry.action, MOVE_STYLE),
        note_style=EFFECT_STYLES[entry.effect],
    )


def _left(plan: Plan) -> Iterator[str]:
    for note in notes_beside(plan):
        yield f"  {note.title}"
        yield from (f"{INDENT}{line}" for line in note.lines)
        yield ""


def _warnings(plan: Plan, paint: Paint) -> Iterator[str]:
    for warning in plan_warnings(plan):
        yield f"  {paint('! warning:', 'yellow')} {safe_text(warning)}"
    if plan_warnings(plan):
        yield ""
