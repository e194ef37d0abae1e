"""Two servers side by side as markdown. Stage 7. Never too long to post."""

from __future__ import annotations

import shlex

from kaiten_sync.model.comparison import ComparedObject, Comparison
from kaiten_sync.report.compare_text import compare_summary, symbol_and_place
from kaiten_sync.report.field_rows import field_rows
from kaiten_sync.report.markdown import (
    MAX_CHARS,
    Block,
    code,
    collapsed,
    diff_lines,
    document,
    fence,
    not_shown,
)


def compare_markdown(comparison: Comparison, *, max_chars: int = MAX_CHARS) -> str:
    """The differences as markdown, at most `max_chars` long; what does not fit is counted."""
    names = [comparison.first.name, comparison.second.name]
    sides = [f"{code(t.name)} at {code(t.url)}" for t in (comparison.first, comparison.second)]
    head = f"<h3>{sides[0]} and {sides[1]}</h3>\n\n{compare_summary(comparison)}\n\n"
    if comparison.differences:
        head += "`-` is the first, `+` is the second.\n\n"
    return document(
        head,
        comparison.differences,
        lambda each: _block(each, comparison),
        not_shown("object", shlex.join(["kaiten-sync", "compare", *names])),
        max_chars,
    )


def _block(difference: ComparedObject, comparison: Comparison) -> Block:
    symbol, place = symbol_and_place(difference, comparison)
    note = f" {code(place)}" if place else ""
    line = f"<code>{symbol.replace('<', '&lt;')}</code> {code(str(difference.address))}{note}"
    rows = list(field_rows(difference.fields, units=difference.units))
    return collapsed(line, [fence(diff_lines(rows), "diff")] if rows else [])
