"""Diagnostics as GitHub workflow commands, which show up beside the lines of a diff. Stage 7."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.report.diagnostics_listed import listed
from kaiten_sync.report.workflow_command import workflow_command

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One `::error file=...::message` per diagnostic."""
    lines: list[str] = []
    for each in listed(diagnostics):
        ref = each.ref
        place = {"file": ref.file, "line": str(ref.line), "col": str(ref.column)} if ref else {}
        said = [each.headline, *([f"help: {each.hint}"] if each.hint else [])]
        command = _COMMANDS[each.severity]
        lines.append(workflow_command(command, {**place, "title": each.rule}, said) + "\n")
    return "".join(lines)
