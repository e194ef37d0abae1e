"""Diagnostics as one JSON document. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.documents import to_json
from kaiten_sync.documents.parts import diagnostic_document
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_text import count
from kaiten_sync.report.safe_text import json_text


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One JSON document with all diagnostics and their number."""
    return json_text(
        {
            "diagnostics": [to_json(diagnostic_document(each)) for each in diagnostics],
            "errors": count(diagnostics, Severity.ERROR),
            "warnings": count(diagnostics, Severity.WARNING),
        }
    )
