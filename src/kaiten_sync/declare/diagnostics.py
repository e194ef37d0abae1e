"""What every reader here shares: limits, hints, and diagnostics with their source line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import line_at
from kaiten_sync.model.source import SourceRef


def file_diagnostic(path: str, rule: str, message: str, hint: str | None = None) -> Diagnostic:
    """A diagnostic about a file as a whole."""
    return Diagnostic(rule=rule, message=message, ref=SourceRef(path, 1, 1), hint=hint)


def with_lines(diagnostics: Iterable[Diagnostic], lines: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """The diagnostics of one file, each with the line that it is about."""
    return tuple(replace(f, line_text=line_at(lines, f.ref)) for f in diagnostics)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known word, if one is close."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else None
