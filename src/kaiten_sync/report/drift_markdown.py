"""A drift report as markdown, for an issue or a chat. Stage 7. Never too long to post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING

from kaiten_sync.model.drift import Difference, DriftClass, DriftReport
from kaiten_sync.report.drift_text import notes_on
from kaiten_sync.report.failure import reasons_of
from kaiten_sync.report.field_rows import field_rows, place_of, with_word
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
from kaiten_sync.report.next_steps import drift_command, next_steps
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.risk import drift_riskiest_first
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.words import DRIFT_SYMBOLS, DRIFT_WORDS, drift_summary

if TYPE_CHECKING:
    from kaiten_sync.documents.parts import ErrorDocument

_REASONS_LIMIT = 10
"""Findings in a declaration that are listed; `validate` shows all."""

_DETAIL_LIMIT = 300
"""Characters of what is known about the last edit."""


def drift_markdown(
    reports: Sequence[DriftReport],
    failed: Mapping[str, ErrorDocument] = MappingProxyType({}),
    *,
    max_chars: int = MAX_CHARS,
) -> str:
    """The reports as markdown, at most `max_chars` long; what does not fit is counted.

    `failed` are the targets that could not be read.
    """
    # The same for each: a target with many differences must not push the others out.
    share = max_chars // max(1, len(reports) + len(failed))
    parts: list[str] = []
    for report in reports:
        target = f"{code(report.target.name)} at {code(report.target.url)}"
        if report.has_drift:
            said = drift_summary(report.differences, report.compared)
        else:
            unmanaged = len(report.differences)
            others = f", {unmanaged:,} not managed" if unmanaged else ""
            said = (
                "No drift. The target matches the declaration"
                f" ({counted(report.compared, 'object')} compared{others})."
            )
        gaps = "".join(f"\n\n{code(gap, _DETAIL_LIMIT)}" for gap in report.unknown)
        part = document(
            f"<h3>Drift of {target}</h3>\n\n{said}{gaps}\n\n",
            drift_riskiest_first(report.differences),
            partial(_difference, report),
            not_shown("difference", drift_command(report)),
            share,
        )
        parts.append(part)
    parts += [_failed(name, error, share) for name, error in failed.items()]
    return "".join(parts)


def _failed(name: str, error: ErrorDocument, max_chars: int) -> str:
    """Why a target was not read, and its first reasons as far as they fit."""
    why = code(error.message, _DETAIL_LIMIT)
    head = f"<h3>Drift of {code(name)}</h3>\n\nNot read: {why}\n\n"
    reasons = reasons_of(error)
    lines = [f"{code(line, _DETAIL_LIMIT)}\n\n" for line in reasons[:_REASONS_LIMIT]]
    room = max_chars - len(head) - len(f"{code(f'and {len(reasons):,} more')}\n\n")
    shown = lines[: sum(size <= room for size in accumulate(map(len, lines)))]
    left = len(reasons) - len(shown)
    more = [f"{code(f'and {left:,} more')}\n\n"] if left else []
    return "".join((head, *shown, *more))


def _difference(report: DriftReport, difference: Difference) -> Block:
    symbol = f"<code>{DRIFT_SYMBOLS[difference.verdict]}</code>"
    line = f"{symbol} {DRIFT_WORDS[difference.verdict]} {code(difference.subject)}"
    rows = list(field_rows(difference.fields, agreed=difference.agreed, units=difference.units))
    is_unmanaged = difference.drift is DriftClass.UNMANAGED
    place = "" if is_unmanaged else place_of(difference.source, difference.fields)
    notes = [
        with_word(place, "declared at") + code(place) if place else "",
        *(code(note, _DETAIL_LIMIT) for note in notes_on(difference)),
    ]
    parts = [fence(diff_lines(rows, ("live ", "git ")), "diff")] if rows else []
    if any(notes):
        parts.append(f"<p>{', '.join(filter(None, notes))}</p>")
    steps = [safe_text(command) for _, command in next_steps(difference, report)]
    return collapsed(line, [*parts, fence(steps, "sh")] if steps else parts)
