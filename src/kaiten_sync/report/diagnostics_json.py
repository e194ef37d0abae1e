"""Diagnostics as one JSON document. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.value import Json
from kaiten_sync.report.diagnostics_text import count
from kaiten_sync.report.safe_text import json_text


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One JSON document with all diagnostics and their number."""
    return json_text(
        {
            "diagnostics": [diagnostic_json(diagnostic) for diagnostic in diagnostics],
            "errors": count(diagnostics, Severity.ERROR),
            "warnings": count(diagnostics, Severity.WARNING),
        }
    )


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Json]:
    """One diagnostic as JSON. Every key is always there, null if nothing is known."""
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
        "lineText": diagnostic.line_text,
    }
