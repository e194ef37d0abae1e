"""Whom a plan affects, as markdown for a pull request. Stage 7. Counts always, names folded."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.impact import ChangeImpact, HolderImpact, Impact, Standing
from kaiten_sync.report.impact_words import (
    change_text,
    cost_text,
    counts_text,
    holder_text,
    moment_text,
    raised_lines,
    totals_text,
    use_text,
    worth_naming,
)
from kaiten_sync.report.markdown import MAX_CHARS, Block, code, collapsed, document
from kaiten_sync.report.numbers import counted

_MARKS = {Standing.OVER: "⛔ ", Standing.NEAR: "⚠️ ", Standing.LOSES: "⚠️ "}


def impact_markdown(impact: Impact, *, max_chars: int = MAX_CHARS) -> str:
    """The whole report, at most `max_chars` long."""
    where = f"{code(impact.target.name)}, {code(moment_text(impact.taken_at))}"
    head = f"<h3>Impact on {where}</h3>\n\n"
    return document(head + impact_summary(impact), _entries(impact), _block, _missing, max_chars)


def impact_section(impact: Impact, max_chars: int) -> str:
    """The part of a plan's markdown: it comes before the changes."""
    head = f"<h4>Who is affected</h4>\n\n{impact_summary(impact)}"
    return document(head, _entries(impact), _block, _missing, max_chars)


def impact_summary(impact: Impact) -> str:
    """The totals and what the reading took, on lines of their own."""
    totals = code(totals_text(impact), limit=1_000)
    if not impact.was_read:
        return f"<div>{totals}</div>\n\n"
    raised = "".join(
        f"<div>{code(title)} — {counts}</div>\n\n" for title, counts in raised_lines(impact)
    )
    return f"<div>{totals} Read with {cost_text(impact)}</div>\n\n{raised}"


def _entries(impact: Impact) -> tuple[ChangeImpact, ...]:
    return impact.changes if impact.gap is None else ()


def _block(change: ChangeImpact) -> Block:
    line = f"{code(change_text(change.affected))} — <b>{counts_text(change)}</b>"
    holders = list(worth_naming(change))
    if not holders:
        return collapsed(line, [])
    used = "<th>used</th>" if change.affected.is_metered else ""
    head = f"<tr><th>class</th><th>holder</th>{used}</tr>"
    rows = "\n".join(_row(change, each) for each in holders)
    return collapsed(line, [f"<table>\n{head}\n{rows}\n</table>"])


def _row(change: ChangeImpact, holder: HolderImpact) -> str:
    mark = _MARKS.get(holder.standing, "")
    used = f"<td>{code(use_text(change, holder))}</td>" if change.affected.is_metered else ""
    return f"<tr><td>{mark}{holder.standing}</td><td>{code(holder_text(holder))}</td>{used}</tr>"


def _missing(left: Sequence[ChangeImpact]) -> str:
    more = counted(len(left), "more change")
    return f"\n**{more} not shown**: `kaiten-sync impact PLAN` shows all.\n"
