"""Diagnostics as text for people and as JSON for programs. Stage 7."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.source_line import excerpt, printable

_MESSAGE_LIMIT = 500
"""Characters of a message: a key can be as long as its file."""

_RESET = "\x1b[0m"
_COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_BOLD = "\x1b[1m"
_BLUE = "\x1b[34m"
_GREEN = "\x1b[32m"


def render_text(diagnostics: Sequence[Diagnostic], *, color: bool) -> str:
    """Each finding with its source line and what to do, then how many there are."""
    if not diagnostics:
        return ""
    parts = ["\n".join(_finding_lines(d, color)) for d in diagnostics]
    return "\n\n".join([*parts, count_line(diagnostics)]) + "\n"


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One JSON document with all findings and their number."""
    document = {
        "diagnostics": [diagnostic_json(diagnostic) for diagnostic in diagnostics],
        "errors": count(diagnostics, Severity.ERROR),
        "warnings": count(diagnostics, Severity.WARNING),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, str | int | None]:
    """One finding as JSON."""
    return {
        "file": diagnostic.ref.file,
        "line": diagnostic.ref.line,
        "column": diagnostic.ref.column,
        "severity": diagnostic.severity.value,
        "rule": diagnostic.rule,
        "address": diagnostic.address,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "lineText": diagnostic.line_text,
    }


def count(diagnostics: Sequence[Diagnostic], severity: Severity) -> int:
    """How many findings are this bad."""
    return sum(diagnostic.severity is severity for diagnostic in diagnostics)


def count_line(diagnostics: Sequence[Diagnostic]) -> str:
    """Such as `2 errors, 1 warning in 2 files`."""
    counts = [
        _counted(number, severity.value)
        for severity in Severity
        if (number := count(diagnostics, severity))
    ]
    files = len({diagnostic.ref.file for diagnostic in diagnostics})
    return f"{', '.join(counts)} in {_counted(files, 'file')}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _finding_lines(diagnostic: Diagnostic, color: bool) -> Iterator[str]:
    severity = _painted(
        f"{diagnostic.severity}[{diagnostic.rule}]", _COLORS[diagnostic.severity], color
    )
    place = _painted(printable(str(diagnostic.ref)), _BOLD, color)
    address = f"{printable(diagnostic.address[:_MESSAGE_LIMIT])}: " if diagnostic.address else ""
    yield f"{place}: {severity} {address}{printable(diagnostic.message[:_MESSAGE_LIMIT])}"
    if diagnostic.line_text is not None and diagnostic.line_text.strip():
        line, pointer = excerpt(diagnostic.line_text, diagnostic.ref.column)
        number = str(diagnostic.ref.line)
        gutter = " " * len(number)
        yield f"  {_painted(f'{number} |', _BLUE, color)} {line}"
        yield f"  {_painted(f'{gutter} |', _BLUE, color)} {pointer}"
    if diagnostic.hint:
        yield f"  {_painted('help:', _GREEN, color)} {printable(diagnostic.hint)}"


def _painted(text: str, code: str, color: bool) -> str:
    return f"{code}{text}{_RESET}" if color else text
