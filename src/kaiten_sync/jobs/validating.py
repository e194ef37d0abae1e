"""Validate: everything wrong with the declaration, without any server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.declaration import checked
from kaiten_sync.declare import count_declared
from kaiten_sync.git import GitHistory
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.workspace import source_of
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.settings import Project


class Validated(Immutable, frozen=True, kw_only=True):
    """All diagnostics in order, and how many objects the largest variant declares."""

    diagnostics: tuple[Diagnostic, ...]
    objects: int

    @property
    def is_valid(self) -> bool:
        """Whether the declaration can be planned."""
        return not any(each.severity is Severity.ERROR for each in self.diagnostics)


def validate_all(folder: Path, project: Project | None, files: Sequence[str]) -> Validated:
    """Check the declaration as it is, and merged with the overlays of each target.

    Raises:
        UsageError: there are no files and no project, or git does not say what a sparse checkout
            leaves out.
    """
    # Without ports: this starts fast, for editors and hooks, and a port would load the client.
    left_out = GitHistory().left_out
    overlays = {t.overlays for t in project.targets.values()} if project else set()
    diagnostics: set[Diagnostic] = set()
    count = 0
    for each in sorted(overlays | {()}):
        merged, new = checked(source_of(folder, project, files, each, left_out=left_out))
        diagnostics.update(new)
        count = max(count, count_declared(merged) if merged is not None else 0)
    ordered = sorted(diagnostics, key=lambda diagnostic: diagnostic.sort_key)
    return Validated(diagnostics=tuple(ordered), objects=count)
