"""Diagnostics as text for people. Stage 7."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.paint import GUTTER, HELP, SEVERITY_STYLES, TITLE, Paint, painter
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.source_line import excerpt


def render_text(diagnostics: Sequence[Diagnostic], *, color: bool) -> str:
    """Each diagnostic with its source line and what to do, then how many there are."""
    if not diagnostics:
        return ""
    paint = painter(color=color)
    parts = ["\n".join(_lines(diagnostic, paint)) for diagnostic in listed(diagnostics)]
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


def _lines(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    ref = diagnostic.ref
    place = f"{paint(safe_text(str(ref)), TITLE)}: " if ref else ""
    severity = paint(
        f"{diagnostic.severity}[{diagnostic.rule}]", SEVERITY_STYLES[diagnostic.severity]
    )
    address = f"{safe_text(diagnostic.address)}: " if diagnostic.address else ""
    yield f"{place}{severity} {address}{safe_text(diagnostic.message)}"
    if ref and diagnostic.line_text is not None and diagnostic.line_text.strip():
        line, pointer = excerpt(diagnostic.line_text, ref.column)
        number = str(ref.line)
        yield f"  {paint(f'{number} |', GUTTER)} {line}"
        yield f"  {paint(' ' * len(number) + ' |', GUTTER)} {pointer}"
    if diagnostic.hint:
        yield f"  {paint('help:', HELP)} {safe_text(diagnostic.hint)}"
