"""Whom a plan affects, as markdown for a pull request. Stage 7. Counts always, names folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kaiten_sync.model.impact import ChangeImpact, Impact, Standing
from kaiten_sync.report.impact_words import (
    change_text,
    cost_text,
    counts_text,
    holder_text,
    impact_command,
    moment_text,
    raised_lines,
    totals_text,
    use_text,
    worth_naming,
)
from kaiten_sync.report.markdown import (
    COMMAND_LIMIT,
    MAX_CHARS,
    Block,
    code,
    collapsed,
    document,
    escaped,
    not_shown,
)

_MARKS = {Standing.OVER: "⛔ ", Standing.NEAR: "⚠️ ", Standing.LOSES: "⚠️ "}


def impact_markdown(impact: Impact, *, max_chars: int = MAX_CHARS) -> str:
    """The whole report, at most `max_chars` long."""
    where = f"{code(impact.target.name)}, {code(moment_text(impact.taken_at))}"
    head = f"<h3>Impact on {where}</h3>\n\n"
    whole = head + impact_summary(impact)
    return document(whole, _entries(impact), _block, _missing(impact), max_chars)


def impact_section(impact: Impact, max_chars: int) -> str:
    """The part of a plan's markdown: it comes before the changes."""
    head = f"<h4>Who is affected</h4>\n\n{impact_summary(impact)}"
    return document(head, _entries(impact), _block, _missing(impact), max_chars)


def impact_summary(impact: Impact) -> str:
    """The totals and what the reading took, on lines of their own."""
    # Longer than a name may be: it has every count, and is the line that everybody reads.
    totals = code(totals_text(impact), limit=1_000)
    if not impact.was_read:
        return f"<div>{totals}</div>\n\n"
    raised = "".join(
        f"<div>{code(title)} — {escaped(counts, COMMAND_LIMIT)}</div>\n\n"
        for title, counts in raised_lines(impact)
    )
    return f"<div>{totals} Read with {cost_text(impact)}</div>\n\n{raised}"


def _entries(impact: Impact) -> tuple[ChangeImpact, ...]:
    return impact.changes if impact.gap is None else ()


def _block(change: ChangeImpact) -> Block:
    line = f"{code(change_text(change.affected))} — <b>{counts_text(change)}</b>"
    holders = list(worth_naming(change))
    if not holders:
        return collapsed(line, [])
    is_metered = change.affected.is_metered
    rows = [f"<tr><th>class</th><th>holder</th>{'<th>used</th>' if is_metered else ''}</tr>"]
    for each in holders:
        standing = f"{_MARKS.get(each.standing, '')}{each.standing}"
        used = f"<td>{code(use_text(change, each))}</td>" if is_metered else ""
        rows.append(f"<tr><td>{standing}</td><td>{code(holder_text(each))}</td>{used}</tr>")
    return collapsed(line, ["\n".join(["<table>", *rows, "</table>"])])


def _missing(impact: Impact) -> Callable[[Sequence[ChangeImpact]], str]:
    return not_shown("change", impact_command(impact))
