"""Diagnostics as GitHub workflow commands, which show up beside the lines of a diff. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.workflow_command import workflow_command

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One `::error file=...::message` per diagnostic."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in listed(diagnostics))


def _command(diagnostic: Diagnostic) -> str:
    properties = {"title": diagnostic.rule}
    if diagnostic.ref is not None:
        ref = diagnostic.ref
        properties = {"file": ref.file, "line": str(ref.line), "col": str(ref.column), **properties}
    lines = [diagnostic.headline]
    if diagnostic.hint:
        lines.append(f"help: {diagnostic.hint}")
    return workflow_command(_COMMANDS[diagnostic.severity], properties, lines)
