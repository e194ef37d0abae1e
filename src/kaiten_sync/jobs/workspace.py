"""Where a job works: a folder, its project file, and the servers that it names."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from kaiten_sync.declaration import CatalogSource, read_project
from kaiten_sync.declare import PROJECT_FILE, find_project, fixed_part, leads_out
from kaiten_sync.errors import DeclarationError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.plan import TargetRef
from kaiten_sync.model.ports import Connect, Connection, Notices
from kaiten_sync.model.settings import Policy, Project, Scope
from kaiten_sync.model.source import NamedPath

_PROJECT_HINT = "name one that is there with --project, or start a project with `kaiten-sync init`"

_OTHER_NAME = "kaiten-sync.yml"
"""What people call a project file who call other files so."""


LeftOut: TypeAlias = Callable[[Sequence[str], Path], Sequence[Path]]
"""As `History.left_out`."""


class Workspace(Immutable, frozen=True, kw_only=True):
    """A folder with its project, and the way to its targets.

    `folder` is the working directory, to which paths of a request are relative. `project` is None
    without a project file. `connect` leaves the choice to the caller's flags if there are any;
    `connect_to_other` reaches another target of the project beside the chosen one, and ignores
    what the flags say of the chosen one's server and token. `takes_plans_only` returns the chosen
    target if its server takes reviewed plan files only, and needs no token for that. `left_out`
    finds the files that a checkout lacks. `words` are those of a command line that name the project
    file, for the commands that a message suggests.
    """

    folder: Path
    project: Project | None
    connect: Connect
    connect_to_other: Callable[[str], Connection]
    takes_plans_only: Callable[[], TargetRef | None]
    left_out: LeftOut
    words: tuple[str, ...] = ()

    @property
    def scope(self) -> Scope:
        """What this repository owns."""
        return self.project.scope if self.project else Scope()

    @property
    def policy(self) -> Policy:
        """What a plan may do, as the project file has it."""
        return self.project.policy if self.project else Policy()

    def has(self, target: str) -> bool:
        """Whether the project file names this target."""
        return self.project is not None and target in self.project.targets

    def words_of(self, target: str) -> tuple[str, ...]:
        """The words of a command line that name project and target; a URL alone has no name."""
        return (*self.words, *(("-t", target) if self.has(target) else ()))

    def source(self, files: Sequence[str], overlays: Sequence[str] = ()) -> CatalogSource:
        """The declaration: these files, or else the project's catalog, with a target's overlays.

        Raises:
            UsageError: there are no files and no project, or git does not say what a sparse
                checkout leaves out.
        """
        return source_of(self.folder, self.project, files, overlays, left_out=self.left_out)


def source_of(
    folder: Path,
    project: Project | None,
    files: Sequence[str],
    overlays: Sequence[str] = (),
    *,
    left_out: LeftOut | None = None,
) -> CatalogSource:
    """The declaration in a folder; without `left_out`, what of it is there.

    Raises:
        UsageError: as `Workspace.source` does.
    """
    scope = project.scope if project else Scope()
    if files:
        below = Path(project.root) if project else folder
        overlays = tuple(
            each.below(below) if isinstance(each, NamedPath) else str(below / each)
            for each in overlays
        )
        source = CatalogSource(root=folder, catalog=tuple(files), overlays=overlays, scope=scope)
    elif project is None:
        raise UsageError(
            "no catalog is named",
            hint="name its files or folders, or start a project with `kaiten-sync init`",
        )
    else:
        source = CatalogSource(
            root=Path(project.root), catalog=project.catalog, overlays=overlays, scope=scope
        )
    if left_out is None:
        return source
    places = [fixed_part(each) or "." for each in (*source.catalog, *source.overlays)]
    return source.changed(left_out=tuple(left_out(places, source.root)))


def load_project(path: Path) -> Project:
    """The project file at a path.

    Raises:
        DeclarationError: it is wrong. UsageError: it is not there, or is a folder.
    """
    if not os.path.exists(path):
        raise UsageError(f"the project file {path} does not exist", hint=_PROJECT_HINT)
    if os.path.isdir(path):
        raise UsageError(
            f"{path} is a folder, not a project file",
            hint=f"name the file in it, such as {path / PROJECT_FILE}",
        )
    project, diagnostics = read_project(path)
    if project is None:
        raise DeclarationError(diagnostics, folder=str(path.parent))
    return project


def open_project(
    named: str | None, folder: Path, environment: Mapping[str, str], notices: Notices
) -> Project | None:
    """The project file that is named, or else the nearest one in or above the folder.

    The search ends at the root of the repository, and it never takes another user's file: whoever
    can write to a folder above would choose the server that a token is sent to. A file that was
    found is named.

    Raises:
        DeclarationError: it is wrong. UsageError: it is named and not there, or it was found and
            belongs to somebody else.
    """
    if named is not None:
        return load_project(Path(named))
    found = find_project(folder)
    if found is None:
        if os.path.lexists(folder / _OTHER_NAME):
            notices.notify(f"{_OTHER_NAME} is not read: a project file is called kaiten-sync.yaml")
        return None
    if not os.path.exists(found):
        raise UsageError(
            f"the project file {found} is a link to a file that does not exist", hint=_PROJECT_HINT
        )
    why_not = foreign_owner(found, environment)
    if why_not is None and leads_out(found.name, found.parent):
        why_not = "it is a link that leads out of its repository"
    if why_not is not None:
        raise UsageError(
            f"the project file {found} is not used: {why_not}",
            hint=f"if you trust it, name it: --project {shlex.quote(str(found))}",
        )
    notices.notify(f"project file: {found.name if found.parent == folder else found}")
    return load_project(found)


def foreign_owner(path: Path, environment: Mapping[str, str]) -> str | None:
    """Why a file or its folder is under somebody else's control; None if it is not.

    As git decides it (safe.directory): the caller's own, and, under sudo, those of the user who
    called it. Root's too if only root can write there: root has no need of a project file.
    """
    if not hasattr(os, "geteuid"):
        return None
    mine = {os.geteuid()}
    caller = environment.get("SUDO_UID", "")
    if os.geteuid() == 0 and re.fullmatch("[0-9]{1,10}", caller):
        mine.add(int(caller))
    # A link is its maker's: paths in the project file are relative to the folder of the link.
    for about, kind in (
        (path.lstat(), "file"),
        (path.stat(), "file"),
        (path.parent.stat(), "folder"),
    ):
        is_roots = about.st_uid == 0 and (
            not about.st_mode & stat.S_IWOTH or bool(about.st_mode & stat.S_ISVTX)
        )
        if about.st_uid not in mine and not is_roots:
            return f"its {kind} belongs to another user (uid {about.st_uid})"
    return None
