"""What every reader here shares: diagnostics of whole files, and with their source line."""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import line_at
from kaiten_sync.model.source import SourceRef


def file_diagnostic(path: str, rule: str, message: str, hint: str | None = None) -> Diagnostic:
    """A diagnostic about a file as a whole."""
    return Diagnostic(rule=rule, message=message, ref=SourceRef(path, 1, 1), hint=hint)


def with_lines(diagnostics: Iterable[Diagnostic], lines: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """The diagnostics of one file, each with the line that it is about."""
    return tuple(f.changed(line_text=line_at(lines, f.ref)) for f in diagnostics)
