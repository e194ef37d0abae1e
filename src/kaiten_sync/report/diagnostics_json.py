"""Diagnostics as one JSON document. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.documents import to_json
from kaiten_sync.documents.parts import DiagnosticDocument, diagnostic_document
from kaiten_sync.documents.validation import ValidationDocument
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_listed import LINE_LIMIT, listed
from kaiten_sync.report.diagnostics_text import count
from kaiten_sync.report.safe_text import json_text
from kaiten_sync.report.values import cut


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """One JSON document with diagnostics and their number."""
    return json_text(
        to_json(
            ValidationDocument(
                format_version=1,
                diagnostics=diagnostic_documents(diagnostics),
                errors=count(diagnostics, Severity.ERROR),
                warnings=count(diagnostics, Severity.WARNING),
            )
        )
    )


def diagnostic_documents(diagnostics: Sequence[Diagnostic]) -> tuple[DiagnosticDocument, ...]:
    """Each diagnostic that is listed."""
    return tuple(
        diagnostic_document(each.changed(line_text=cut(each.line_text, LINE_LIMIT)))
        if each.line_text
        else diagnostic_document(each)
        for each in listed(diagnostics)
    )
