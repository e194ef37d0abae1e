"""Finds everything wrong with a project file: its meaning by rules, then its shape by schema."""

from __future__ import annotations

from kaiten_sync.kinds.file_kinds import WHERE, FileKind, other_kind
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, line_at
from kaiten_sync.validate.project_rules import RULES_OF_PROJECTS
from kaiten_sync.validate.schema_diagnostics import project_schema_diagnostics


def check_project(document: Document) -> tuple[Diagnostic, ...]:
    """All diagnostics, sorted by place.

    What was reported when the file was read is not repeated, and of a value that a rule explains
    the schema says nothing more.
    """
    root = document.root
    other = other_kind(root.entries, FileKind.PROJECT)
    if other is not None:
        message = f"this is {other}, not {FileKind.PROJECT}"
        return (Diagnostic(rule="other-file", message=message, ref=root.ref, hint=WHERE[other]),)
    by_rule = [diagnostic for rule in RULES_OF_PROJECTS for diagnostic in rule(root)]
    # A rule says what was meant; a schema beside it would only say that the form is wrong.
    explained = {diagnostic.ref for diagnostic in by_rule}
    by_schema = [f for f in project_schema_diagnostics(document) if f.ref not in explained]
    fresh = {f.sort_key: f for f in (*by_rule, *by_schema) if f.ref not in document.broken}
    return tuple(
        fresh[key].changed(line_text=line_at(document.lines, fresh[key].ref))
        for key in sorted(fresh)
    )
