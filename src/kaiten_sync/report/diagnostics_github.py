"""Diagnostics as GitHub workflow commands, which show up beside the lines of a diff. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.report.safe_text import safe_text


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One `::error file=...::message` per finding.

    Source: GitHub docs, "Workflow commands for GitHub Actions"; the escapes are those of
    actions/toolkit (`packages/core/src/command.ts`).
    """
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    ref = diagnostic.ref
    properties = {
        "file": safe_text(ref.file),
        "line": str(ref.line),
        "col": str(ref.column),
        "title": diagnostic.rule,
    }
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{diagnostic.severity} {listed}::{_data(_message(diagnostic))}"


def _message(diagnostic: Diagnostic) -> str:
    address = f"{diagnostic.address}: " if diagnostic.address else ""
    hint = f"\nhelp: {safe_text(diagnostic.hint)}" if diagnostic.hint else ""
    return f"{safe_text(f'{address}{diagnostic.message}')}{hint}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
