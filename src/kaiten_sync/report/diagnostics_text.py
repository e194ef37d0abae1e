"""Diagnostics as text for people. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.paint import GUTTER, HELP, SEVERITY_STYLES, TITLE, painter
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.source_line import excerpt


def render_text(diagnostics: Sequence[Diagnostic], *, color: bool) -> str:
    """Each diagnostic with its source line and what to do, then how many there are."""
    if not diagnostics:
        return ""
    paint = painter(color=color)
    parts: list[str] = []
    for each in listed(diagnostics):
        ref = each.ref
        place = f"{paint(safe_text(str(ref)), TITLE)}: " if ref else ""
        severity = paint(f"{each.severity}[{each.rule}]", SEVERITY_STYLES[each.severity])
        address = f"{safe_text(each.address)}: " if each.address else ""
        lines = [f"{place}{severity} {address}{safe_text(each.message)}"]
        if ref and each.line_text is not None and each.line_text.strip():
            line, pointer = excerpt(each.line_text, ref.column)
            number = str(ref.line)
            lines.append(f"  {paint(f'{number} |', GUTTER)} {line}")
            lines.append(f"  {paint(' ' * len(number) + ' |', GUTTER)} {pointer}")
        if each.hint:
            lines.append(f"  {paint('help:', HELP)} {safe_text(each.hint)}")
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, count_line(diagnostics)]) + "\n"


def count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    """How many diagnostics are this bad."""
    return sum(diagnostic.severity is severity for diagnostic in diagnostics)


def count_line(diagnostics: Sequence[Diagnostic]) -> str:
    """Such as `2 errors, 1 warning in 2 files`."""
    counts = ", ".join(
        counted(number, severity.value)
        for severity in Severity
        if (number := count(diagnostics, severity))
    )
    files = len({diagnostic.ref.file for diagnostic in diagnostics if diagnostic.ref})
    return f"{counts} in {counted(files, 'file')}" if files else counts
