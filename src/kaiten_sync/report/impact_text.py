"""Whom a plan affects, for the terminal. Stage 7."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kaiten_sync.model.impact import ChangeImpact, Impact, Standing
from kaiten_sync.report.impact_words import (
    change_text,
    cost_text,
    counts_text,
    holder_text,
    moment_text,
    raised_lines,
    share,
    totals_text,
    use_text,
    worth_naming,
)
from kaiten_sync.report.paint import QUIET, TITLE, Paint, cells, padded, painter
from kaiten_sync.report.rows import INDENT
from kaiten_sync.report.safe_text import safe_text

_BAR = 20
"""Cells of a full bar."""

_WIDEST_WORD = max(len(each) for each in Standing)

STANDING_STYLES = {
    Standing.OVER: "bold red",
    Standing.NEAR: "bold yellow",
    Standing.LOSES: "yellow",
    Standing.UNKNOWN: "dim",
}


def impact_text(impact: Impact, *, color: bool) -> str:
    """A whole report, ending with one line for all changes."""
    paint = painter(color=color)
    head = f"Impact on {safe_text(impact.target.name)} at {moment_text(impact.taken_at)}"
    return "\n".join([paint(head, TITLE), "", *impact_lines(impact, paint)]) + "\n"


def impact_lines(impact: Impact, paint: Paint) -> Iterator[str]:
    """One block per change, then the totals and what the reading took."""
    for change in impact.changes:
        if impact.gap is None:
            yield from _block(change, paint)
            yield ""
    for title, counts in raised_lines(impact):
        yield f"  {paint(title, TITLE)}"
        yield f"{INDENT}{counts}"
        yield ""
    yield paint(f"Impact: {totals_text(impact)}", TITLE)
    if impact.was_read:
        yield paint(f"Read with {cost_text(impact)}", QUIET)


def _block(change: ChangeImpact, paint: Paint) -> Iterator[str]:
    yield f"  {paint(change_text(change.affected), TITLE)}"
    yield f"{INDENT}{counts_text(change)}"
    holders = list(worth_naming(change))
    widest = max((cells(holder_text(each)) for each in holders), default=0)
    for each in holders:
        word = paint(each.standing, STANDING_STYLES.get(each.standing, ""))
        gap = " " * (_WIDEST_WORD - len(each.standing))  # never painted: it may end a line
        line = f"{INDENT}{word}{gap}  {padded(holder_text(each), widest)}"
        if change.affected.is_metered:
            # The bar shows use against the maximum before the change, if there was one.
            is_limited = change.affected.before is not None and math.isfinite(
                change.affected.before
            )
            whole = change.affected.before if is_limited else change.affected.after
            full = round(_BAR * share(each.used, whole) / 100)
            bar = f"{paint('█' * full, 'cyan')}{paint('░' * (_BAR - full), QUIET)}  "
            line = f"{line}  {bar}{use_text(change, each)}"
        yield line.rstrip()
