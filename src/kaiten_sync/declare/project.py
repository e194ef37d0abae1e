"""Reads the project file, `kaiten-sync.yaml`: its document, then its settings. Stage 1."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kaiten_sync.declare.diagnostics import with_lines
from kaiten_sync.declare.files import FoundFile
from kaiten_sync.declare.read import read_file
from kaiten_sync.declare.secrets import (
    SECRET_RULE,
    bare_variables,
    mask_from,
    mask_project_lines,
    project_secrets,
    secret_diagnostic,
    unshown_values,
)
from kaiten_sync.documents import from_json, value_of
from kaiten_sync.documents.project import (
    AUTOMATIC,
    ProjectDocument,
    ProjectTargetDocument,
    RuleDocument,
)
from kaiten_sync.kinds.registry import top_kinds
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Entry, Node, line_at
from kaiten_sync.model.generation import Generation
from kaiten_sync.model.policy_rule import PolicyRule, RuleVerb
from kaiten_sync.model.settings import Policy, Project, Scope, Target, parse_limit
from kaiten_sync.model.source import NamedPath

PROJECT_FILE = "kaiten-sync.yaml"


def find_project(start: Path) -> Path | None:
    """The project file in a folder or the nearest one above it, in the same repository."""
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        # Path.is_file() and the like raise where they may not look.
        if os.path.lexists(candidate / PROJECT_FILE):
            return candidate / PROJECT_FILE
        if os.path.lexists(candidate / ".git"):
            return None
    return None


def read_project_document(path: Path) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The project file with its places, and everything that is wrong with it as YAML.

    Credentials are reported and hidden; their places count as broken.
    """
    shown = path.name if path.is_absolute() else path.as_posix()
    document, read_diagnostics = read_file(FoundFile(shown, path), mask_project_lines)
    secrets = project_secrets(document.root)
    lines = mask_from(document.lines, sorted({*secrets, *unshown_values(document.root)}))
    hidden = {ref.line for ref in secrets}
    found = [
        f
        for f in read_diagnostics
        if f.rule != SECRET_RULE or not f.ref or f.ref.line not in hidden
    ]
    bare = bare_variables(document.root)
    found += [secret_diagnostic(ref, is_variable=ref in bare) for ref in secrets]
    broken = document.broken.union(secrets)
    return document.changed(lines=lines, broken=broken), with_lines(found, lines)


def project_of(document: Document, root: Path) -> Project:
    """The settings of a project file in which nothing is wrong. Paths are relative to `root`."""
    content: Any = document.root.plain()
    owned = content.pop("scope", {})  # open: each kind with a table has its patterns here
    read = from_json(ProjectDocument, {**content, "version": 1})  # 1.0 is valid YAML for it
    entries = document.root.entries
    targets = entries["targets"].node.entries if read.targets else {}
    policy = read.policy
    return Project(
        root=str(root),
        catalog=_paths(entries.get("catalog"), document),
        targets={
            name: _target(
                name, target, _paths(targets[name].node.entries.get("overlays"), document)
            )
            for name, target in read.targets.items()
        },
        scope=Scope(
            {
                spec.kind: _texts(owned[spec.section])
                for spec in top_kinds()
                if spec.section in owned
            }
        ),
        policy=Policy(
            prune=policy.prune,
            max_deletes=parse_limit(policy.max_deletes),
            max_updates=parse_limit(policy.max_updates),
            max_moves=parse_limit(policy.max_moves),
            on_tighten=policy.on_tighten,
            rules=tuple(
                _rule(rule, list(document.root.walk(("policy", "rules", position)))[-1].node)
                for position, rule in enumerate(policy.rules)
            ),
            automatic=frozenset(policy.automatic),
        ),
        install_from=value_of(read.install_from, absent=None),
    )


def _paths(entry: Entry | None, document: Document) -> tuple[NamedPath, ...]:
    """One path or a list of them, each with its place."""
    if entry is None:
        return ()
    value = entry.node.value
    nodes = value if isinstance(value, tuple) else (entry.node,)
    lines = document.lines
    return tuple(NamedPath(str(n.value), n.ref, line_at(lines, n.ref)) for n in nodes)


def _target(name: str, read: ProjectTargetDocument, overlays: tuple[str, ...]) -> Target:
    token = value_of(read.token, absent=None)
    return Target(
        name=name,
        url=read.url,
        token_env=value_of(token.env, absent=None) if token else None,
        token_file=value_of(token.file, absent=None) if token else None,
        ca=value_of(read.ca, absent=None),
        overlays=overlays,
        require_plan=read.require_plan,
        after=_texts(read.after),
        generation=None if read.generation == AUTOMATIC else Generation(read.generation),
    )


def _rule(read: RuleDocument, node: Node) -> PolicyRule:
    verb = RuleVerb.DENY if RuleVerb.DENY in node.entries else RuleVerb.WARN
    return PolicyRule(
        name=read.name,
        verb=verb,
        expression=str(node.entries[verb].node.value),
        message=value_of(read.message, absent=None),
        ref=node.entries[verb].node.ref,
    )


def _texts(value: Sequence[str] | str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
