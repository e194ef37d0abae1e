"""Diagnostics as one JSON document. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.value import Json
from kaiten_sync.report.diagnostics_listed import LINE_LIMIT, listed
from kaiten_sync.report.diagnostics_text import count
from kaiten_sync.report.safe_text import json_text
from kaiten_sync.report.values import cut


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One JSON document with diagnostics and their number."""
    return json_text(
        {
            "diagnostics": diagnostics_json(diagnostics),
            "errors": count(diagnostics, Severity.ERROR),
            "warnings": count(diagnostics, Severity.WARNING),
        }
    )


def diagnostics_json(diagnostics: Sequence[Diagnostic]) -> list[Json]:
    """Each diagnostic that is listed. Every key is always there, null if nothing is known."""
    return [_diagnostic(each) for each in listed(diagnostics)]


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Json]:
    ref = diagnostic.ref
    return {
        "file": ref.file if ref else None,
        "line": ref.line if ref else None,
        "column": ref.column if ref else None,
        "severity": diagnostic.severity.value,
        "rule": diagnostic.rule,
        "address": diagnostic.address,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "lineText": cut(diagnostic.line_text, LINE_LIMIT) if diagnostic.line_text else None,
    }
