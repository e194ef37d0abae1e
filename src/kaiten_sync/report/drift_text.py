"""A drift report for the terminal. Stage 7."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.licensing import isolated
from kaiten_sync.model.drift import Difference, DriftClass, DriftReport, Verdict
from kaiten_sync.report.field_rows import field_rows, place_of
from kaiten_sync.report.next_steps import next_steps
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.paint import DRIFT_STYLES, QUIET, TITLE, Paint, painter
from kaiten_sync.report.rows import (
    INDENT,
    Row,
    columns_for,
    row_lines,
    side_lines,
    value_limit,
    value_lines,
)
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.side_by_side import side_by_side, table_lines
from kaiten_sync.report.words import DRIFT_SYMBOLS, DRIFT_WORDS, drift_summary

_COMMIT_DIGITS = 10
"""Digits of a commit: enough to name one in a large repository."""

_ONE_LINE = 100
"""Columns for a value on a line of its own."""


def drift_text(reports: Sequence[DriftReport], *, color: bool, width: int = 100) -> str:
    """The differences as a person reads them, each side named, then one summary line per target."""
    paint = painter(color=color)
    parts = ["\n".join(_lines(report, paint, width)) for report in reports]
    if len(reports) > 1 and any(report.differences for report in reports):
        table = "\n".join(table_lines(side_by_side(reports)))
        parts.append(f"{paint('Side by side', TITLE)}\n\n{table}")
    return "\n\n".join(parts) + "\n"


def _declared(difference: Difference) -> str:
    """`declared by NAME at TIME in COMMIT`, as far as it is known; empty when it is not."""
    who = difference.declared_by
    if who is None:
        return ""
    if who.is_cut_off:
        return "author not known, because this is a shallow clone (fetch the whole history)"
    if who.commit is None:
        return "declared in a change that is not committed"
    by = f" by {isolated(safe_text(who.author))}" if who.author else ""
    at = f" at {safe_text(who.date)}" if who.date else ""
    return f"declared{by}{at} in {safe_text(who.commit[:_COMMIT_DIGITS])}"


def _changed_where(difference: Difference) -> str:
    """Which fields of a conflict changed on which side; empty if there is no conflict."""
    if difference.verdict is not Verdict.CONFLICT:
        return ""
    if difference.server_edited is None:
        return (
            "cannot tell which field changed on which side, because the agreed values are not known"
        )
    sides = {"on the server": difference.server_edited, "in git": difference.changed_in_git}
    changed = [f"{', '.join(map(safe_text, names))} {where}" for where, names in sides.items()]
    return f"changed: {'; '.join(changed)}"


def adopted_text(adopted: Sequence[Difference], files: Sequence[str]) -> str:
    """What was taken over into which files, each field as it was declared → as it is now."""
    if not adopted:
        return "nothing to adopt"
    lines: list[str] = []
    for each in adopted:
        rows = field_rows(each.fields, value_limit(_ONE_LINE), units=each.units)
        what = ", ".join(f"{row.label} {row.after_text} → {row.before_text}" for row in rows)
        if each.drift is DriftClass.MISSING:
            what = "removed, because the server no longer has it"
        elif each.drift is DriftClass.UNMANAGED:
            what = "new"
        lines.append(f"adopted {safe_text(str(each.address))}: {what}")
    return "\n".join([*lines, f"wrote {', '.join(safe_text(file) for file in files)}"])


def notes_on(difference: Difference) -> list[str]:
    """All that is known of who changed what."""
    by = f" by {isolated(safe_text(difference.updated_by))}" if difference.updated_by else ""
    at = f" at {safe_text(difference.updated_at)}" if difference.updated_at else ""
    edited = f"last edited on the server{by}{at}" if by or at else ""
    notes = (_changed_where(difference), _declared(difference), edited)
    return [note for note in notes if note]


def no_drift(report: DriftReport) -> str:
    """The friendly line."""
    unmanaged = len(report.differences)
    others = f", {unmanaged:,} not managed" if unmanaged else ""
    return (
        f"{safe_text(report.target.name)} matches the declaration"
        f" ({counted(report.compared, 'object')} compared{others})."
    )


def _lines(report: DriftReport, paint: Paint, width: int) -> Iterator[str]:
    if report.differences:
        name, url = safe_text(report.target.name), safe_text(report.target.url)
        yield paint(f"Drift of {name} at {url}", TITLE)
        yield ""
        rows = [
            Row(
                symbol=DRIFT_SYMBOLS[each.verdict],
                word=DRIFT_WORDS[each.verdict],
                subject=safe_text(each.subject),
                note="",
                # What git does not manage has no place there.
                place=place_of(each.source, each.fields)
                if each.drift is not DriftClass.UNMANAGED
                else "",
                style=DRIFT_STYLES[each.verdict],
                note_style="",
            )
            for each in report.differences
        ]
        columns = columns_for(rows, width)
        for difference, row in zip(report.differences, rows, strict=True):
            yield from row_lines(row, columns, paint)
            shown = list(
                field_rows(
                    difference.fields, value_limit(width), difference.agreed, units=difference.units
                )
            )
            is_short = bool(spec_of(difference.address.kind).shorthand)
            if difference.drift is DriftClass.CHANGED:
                yield from side_lines(shown, width)
            elif is_short or difference.drift is DriftClass.MISSING:
                yield from value_lines(shown, width, joined=is_short)
            for note in notes_on(difference):
                yield INDENT + paint(note, QUIET)
            for word, command in next_steps(difference, report):
                yield INDENT + paint(f"{word + ':':8}{safe_text(command)}", QUIET)
        yield ""
    for gap in report.unknown:
        yield paint(safe_text(gap), QUIET)
    if report.has_drift:
        yield paint(f"Drift: {drift_summary(report.differences, report.compared)}", TITLE)
    else:
        yield f"{paint('No drift.', TITLE)} {no_drift(report)}"
