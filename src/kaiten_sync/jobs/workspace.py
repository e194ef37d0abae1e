"""Where a job works: a folder, its project file, and the servers that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.declare import find_project
from kaiten_sync.errors import DeclarationError, UsageError
from kaiten_sync.model.ports import Connect
from kaiten_sync.model.settings import Policy, Project, Scope
from kaiten_sync.pipeline import CatalogSource, read_project


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder with its project, and the way to its targets.

    `folder` is the working directory, to which paths of a request are relative. `project` is None
    without a project file.
    """

    folder: Path
    project: Project | None
    connect: Connect

    @property
    def scope(self) -> Scope:
        """What this repository owns."""
        return self.project.scope if self.project else Scope()

    @property
    def policy(self) -> Policy:
        """What a plan may do, as the project file has it."""
        return self.project.policy if self.project else Policy()

    def source(self, files: Sequence[str], overlays: Sequence[str] = ()) -> CatalogSource:
        """The declaration: these files, or else the project's catalog, with a target's overlays.

        Raises:
            UsageError: there are no files and no project.
        """
        return source_of(self.folder, self.project, files, overlays)


def source_of(
    folder: Path, project: Project | None, files: Sequence[str], overlays: Sequence[str] = ()
) -> CatalogSource:
    """The declaration in a folder. Raises as `Workspace.source` does."""
    scope = project.scope if project else Scope()
    if files:
        overlays = tuple(str(Path(project.root) / o) for o in overlays) if project else ()
        return CatalogSource(root=folder, catalog=tuple(files), overlays=overlays, scope=scope)
    if project is None:
        raise UsageError(
            "no catalog is named",
            hint="pass -f PATH, or start a project with `kaiten-sync init`",
        )
    return CatalogSource(
        root=Path(project.root), catalog=project.catalog, overlays=overlays, scope=scope
    )


def load_project(path: str | None, folder: Path) -> Project | None:
    """The project file at `path`, or the nearest one in or above the folder; None if none is.

    Raises:
        DeclarationError: it is wrong. UsageError: `path` leads to no file.
    """
    found = Path(path) if path else find_project(folder)
    if found is None:
        return None
    if not found.is_file():
        raise UsageError(f"there is no project file {path}")
    project, diagnostics = read_project(found)
    if project is None:
        raise DeclarationError(diagnostics)
    return project
