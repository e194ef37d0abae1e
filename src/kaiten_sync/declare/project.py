"""Reads the project file, `kaiten-sync.yaml`. Stage 1."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from kaiten_sync.declare.field_reader import FieldReader
from kaiten_sync.declare.files import FoundFile
from kaiten_sync.declare.findings import with_lines
from kaiten_sync.declare.policy import read_policy
from kaiten_sync.declare.read import read_file
from kaiten_sync.declare.secrets import SECRET_RULE, mask_from, mask_project_lines
from kaiten_sync.declare.target import read_target
from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Kind
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Entry
from kaiten_sync.model.settings import Project, Scope, Target

PROJECT_FILE = "kaiten-sync.yaml"
PROJECT_VERSION = 1
"""The project format this program reads."""

_FIELDS = frozenset({"version", "catalog", "targets", "scope", "policy"})
_SCOPED = tuple(SPECS[kind].plural for kind in Kind if kind is not Kind.GRANT)


def find_project(start: Path) -> Path | None:
    """The project file in a folder or the nearest one above it."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        if os.path.isfile(candidate / PROJECT_FILE):  # Path.is_file() raises where it may not look
            return candidate / PROJECT_FILE
    return None


def read_project(path: Path) -> tuple[Project | None, tuple[Diagnostic, ...]]:
    """The project file's settings, None when it has errors, and all that is wrong with it."""
    shown = path.name if path.is_absolute() else path.as_posix()
    document, read_findings = read_file(FoundFile(shown, path), mask_project_lines)
    if not document.is_complete:
        return None, read_findings
    reader = FieldReader(document)
    project = _project(reader, document, path.absolute().parent)
    lines = mask_from(document.lines, reader.secrets)
    hidden = {ref.line for ref in reader.secrets}
    found = [
        f for f in read_findings if f.rule != SECRET_RULE or not f.ref or f.ref.line not in hidden
    ]
    found += reader.findings
    found.sort(key=lambda finding: finding.sort_key)
    findings = with_lines(found, lines)
    return (None if findings else project), findings


def _project(reader: FieldReader, document: Document, root: Path) -> Project:
    fields = reader.fields(document.root, _FIELDS, "a project file")
    is_map = isinstance(document.root.value, Mapping)
    if is_map:
        _check_version(reader, fields.get("version"), document)
    catalog = reader.texts(fields.get("catalog"), "`catalog`")
    if is_map and not catalog:
        reader.report(
            "missing-field",
            "the project file does not say where the catalog is",
            document.root.ref,
            "add `catalog: [catalog/]`",
        )
    return Project(
        root=str(root),
        catalog=catalog,
        targets=_targets(reader, fields.get("targets")),
        scope=_scope(reader, fields.get("scope")),
        policy=read_policy(reader, fields.get("policy")),
    )


def _check_version(reader: FieldReader, entry: Entry | None, document: Document) -> None:
    hint = f"write `version: {PROJECT_VERSION}`, without quotes"
    if entry is None:
        reader.report(
            "missing-version",
            "the project file does not say which version it is",
            document.root.ref,
            hint,
        )
    elif isinstance(entry.node.value, bool) or entry.node.value != PROJECT_VERSION:
        reader.report(
            "unknown-version",
            "this is not a project version that this program reads",
            entry.node.ref,
            hint,
        )


def _targets(reader: FieldReader, entry: Entry | None) -> dict[str, Target]:
    if entry is None:
        return {}
    names = entry.node.entries
    fields = reader.fields(entry.node, tuple(names), "`targets`")
    return {name: read_target(reader, name, target) for name, target in fields.items()}


def _scope(reader: FieldReader, entry: Entry | None) -> Scope:
    if entry is None:
        return Scope()
    fields = reader.fields(entry.node, _SCOPED, "`scope`")
    groups, entitlements, licenses = (
        reader.texts(fields.get(name), f"`scope.{name}`") for name in _SCOPED
    )
    return Scope(groups=groups, entitlements=entitlements, licenses=licenses)
