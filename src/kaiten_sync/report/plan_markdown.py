"""A plan as markdown for a pull request. Stage 7. Riskiest first, and never too long to post."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import islice

from kaiten_sync.model.change import Effect
from kaiten_sync.model.impact import Impact
from kaiten_sync.model.plan import Plan
from kaiten_sync.pricing import table_of_plan
from kaiten_sync.report.entries import PlanEntry, entries_of
from kaiten_sync.report.field_rows import with_word
from kaiten_sync.report.impact_markdown import impact_section
from kaiten_sync.report.left import NO_WAY, no_changes, notes_beside
from kaiten_sync.report.markdown import (
    MAX_CHARS,
    Block,
    code,
    collapsed,
    diff_lines,
    document,
    fence,
    fitting_fence,
    shows_all,
)
from kaiten_sync.report.notice import Notice, notice_markdown
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.origin import Origin
from kaiten_sync.report.plan_summary import plan_summary, plan_title
from kaiten_sync.report.pricing_formats import pricing_markdown
from kaiten_sync.report.risk import is_harmful, riskiest_first
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut
from kaiten_sync.report.words import (
    action_counts,
    plan_warnings,
)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_WARNINGS_LIMIT = 10
"""Warnings that are listed. The others are counted, so that the changes stay in sight."""

_WARNING_LIMIT = 300
"""Characters of one warning."""

_GLANCE_LIMIT = 40
"""Characters of each value in a change's one line."""

_MARKS = {Effect.BREAKS: "⛔ ", Effect.TIGHTENS: "⚠️ "}


_TABLE_SHARE = 0.2
"""The share of the text for the table of changed grants. It comes first: it is what a product
manager approves."""

_IMPACT_SHARE = 0.3
"""The share of the text for whom the plan affects: names are the first to be left out."""

_NOTE_SHARE = 0.1
"""The share of the text for each note beside the changes."""


def plan_markdown(
    plan: Plan,
    notices: Sequence[Notice] = (),
    impact: Impact | None = None,
    *,
    is_refused: bool = False,
    origin: Origin = Origin.COMPARISON,
    file: str = "PLAN",
    max_chars: int = MAX_CHARS,
) -> str:
    """The plan as markdown, at most `max_chars` long, after what a reader has to know first.

    The first line is a comment with the plan's digest, by which a program finds the text again.
    Deletes and what tightens come first, and are listed in short before anything of them is left
    out. What does not fit is counted by action, with the command that shows it. `file` is the plan
    as that command names it.
    """
    said = "".join(notice_markdown(notice) for notice in notices)
    table, pricing = table_of_plan(plan, impact), ""
    if table.rows:
        command = shlex.join(["kaiten-sync", "table", file])
        pricing = pricing_markdown(table, int(max_chars * _TABLE_SHARE), command)
    note_room = int(max_chars * _NOTE_SHARE)
    notes = [
        f"**{each.title}**\n\n{fitting_fence(each.lines, note_room, all_in='the plan file')}"
        for each in notes_beside(plan)
    ]
    head = _head(plan, said, pricing, notes, is_refused=is_refused, origin=origin)
    if impact is not None and impact.concerns_anybody:
        head += impact_section(impact, int(max_chars * _IMPACT_SHARE))
    missing = partial(_missing, shlex.join(["kaiten-sync", "show", file]))
    return document(head, riskiest_first(entries_of(plan)), _block, missing, max_chars)


def _head(
    plan: Plan,
    notices: str,
    pricing: str,
    notes: Sequence[str],
    *,
    is_refused: bool,
    origin: Origin,
) -> str:
    seal = plan.digest if _DIGEST.fullmatch(plan.digest) else "unsealed"
    where = f"{code(plan.target.name)} at {code(plan.target.url)}"
    parts = [
        # Not shown: a workflow finds its earlier comment by it, and whether the plan is the same.
        f"<!-- kaiten-sync plan {seal} -->",
        f"{notices}<h3>{plan_title(plan)} for {where}</h3>",
    ]
    if pricing:
        parts.append(pricing.rstrip("\n"))
    if plan.is_empty and is_refused:
        parts.append(NO_WAY)
    elif plan.is_empty:
        target = "The target" if origin is Origin.COMPARISON else "the target"
        parts.append(f"No changes. {no_changes(plan, target, origin)}")
    elif plan.migration is not None:
        parts.append(plan_summary(plan))
    else:
        parts.append(_table(plan))
    if warnings := plan_warnings(plan):
        lines = [cut(safe_text(each), _WARNING_LIMIT) for each in warnings[:_WARNINGS_LIMIT]]
        if left := len(warnings) - len(lines):
            lines.append(f"and {left:,} more")
        parts.append(f"**Warnings**\n\n{fence(lines, 'text')}")
    return parts[0] + "\n" + "\n\n".join([*parts[1:], *notes]) + "\n\n"


def _table(plan: Plan) -> str:
    summary = plan.summary
    actions = action_counts(plan)
    harm = [(e.value, summary.effects.get(e.value, 0)) for e in (Effect.BREAKS, Effect.TIGHTENS)]
    cells = [(name, number) for name, number in (*actions, *harm) if number]
    cells += [
        ("unchanged", summary.unchanged),
        ("not managed", summary.unmanaged),
        ("requests", plan.requests),
    ]
    names = " | ".join(name for name, _ in cells)
    numbers = " | ".join(f"{number:,}" for _, number in cells)
    return f"| {names} |\n|{'---:|' * len(cells)}\n| {numbers} |"


def _block(entry: PlanEntry) -> Block:
    word = entry.effect_word
    noted = f" — {_MARKS.get(entry.effect, '')}<b>{word}</b>" if word else ""
    action = f"<code>{entry.symbol.replace('<', '&lt;')}</code> {entry.word}"
    line = f"{action} {code(entry.subject)}{noted}{_glance(entry)}"
    place = with_word(entry.place, "declared at") + code(entry.place) if entry.place else ""
    notes = [place, *map(code, entry.notes)]
    rows = list(entry.rows())
    parts = [fence(diff_lines(rows), "diff")] if rows else []
    if any(notes):
        parts.append(f"<p>{', '.join(filter(None, notes))}</p>")
    block = collapsed(line, parts)
    if not is_harmful(entry):
        return block
    return block.changed(brief=f"<li>{entry.symbol} {code(entry.subject)}\n")


def _glance(entry: PlanEntry) -> str:
    """The first field of a change, where one line can say it."""
    first = entry.changed(fields=entry.fields[:1])
    rows = list(islice(first.rows(_GLANCE_LIMIT), 2))
    if entry.is_move or len(rows) != 1:
        return ""
    shown = rows[0].compact if entry.has_sides else rows[0].only_side
    more = len(entry.fields) - 1
    return f" — {code(shown)}" + (f" and {counted(more, 'more field')}" if more else "")


def _missing(command: str, left: Sequence[PlanEntry]) -> str:
    counts = Counter(entry.word for entry in left)
    actions = ", ".join(f"{count:,} to {word}" for word, count in sorted(counts.items()))
    harm = sum(map(is_harmful, left))
    said = f"⛔ {harm:,} of them delete or tighten" if harm else "none of them deletes or tightens"
    return (
        f"\n**{counted(len(left), 'more change')} not shown**: {actions}; {said}."
        f" {shows_all(command)}\n"
    )
