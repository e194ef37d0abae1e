"""Start: the files of a new project, and the workflows that an existing one gets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kaiten_sync.declare.project import PROJECT_FILE
from kaiten_sync.errors import UsageError
from kaiten_sync.jobs.editors import OF_PROJECTS, beside_project, new_attributes, schema_files
from kaiten_sync.jobs.repository import folder_in_repository, repository_root
from kaiten_sync.jobs.workflows import (
    Forge,
    WorkflowRequest,
    validation,
    workflow_paths,
    workflows,
)
from kaiten_sync.jobs.workspace import load_project
from kaiten_sync.model.ports import Files
from kaiten_sync.model.settings import Project

_FILES = {
    "kaiten-sync.yaml": PROJECT_FILE,
    "catalog/entitlements.yaml": "catalog/entitlements.yaml",
    "catalog/licenses.yaml": "catalog/licenses.yaml",
}
"""Template, and where it goes."""

_EDITED = ("catalog/", "overlays/")
"""Where the files of a new project are."""

_REMOTE_TARGET = re.compile(r"^  # ", re.MULTILINE)
"""The target that CI works on is in the template, as a comment until there is CI for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """What to start.

    `root` is the project's folder: the root of a git repository, or a folder inside one. `forge`
    is the one whose workflows plan and apply; None for the workflow that only validates.
    """

    root: Path
    forge: Forge | None = None
    writes_plans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFiles:
    """The files that were written, what could not be, and whether the project is new.

    `folder` is that of the project in its repository, empty at its root.
    """

    paths: tuple[Path, ...]
    is_new: bool
    folder: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProjectPlace:
    """A project's folder, and the repository's, in which forges look for workflows."""

    root: Path
    top: Path
    folder: str


def start(request: StartRequest, disk: Files) -> NewFiles:
    """Write all files of a new project below a folder; in a project, its forge's workflows.

    With a forge, its workflows are among them, and a target that they work on is in the project
    file; else the workflow that only validates. Workflows go to the root of the repository.

    Raises:
        UsageError: one of them is there already, in a project with other content, or there is no
            target for the workflows. Nothing was written. DeclarationError: the project file is
            wrong.
    """
    place = _place_of(request.root, disk)
    if request.forge is not None and disk.is_file(request.root / PROJECT_FILE):
        paths = _add_workflows(place, _ci(request.forge, request, place), disk)
        return NewFiles(paths=paths, is_new=False, folder=place.folder)
    paths, notice = _write_project(place, request, disk)
    notices = () if notice is None else (notice,)
    return NewFiles(paths=paths, is_new=True, folder=place.folder, notices=notices)


def _place_of(root: Path, disk: Files) -> _ProjectPlace:
    """The repository around a folder: the folder itself if there is none."""
    top = repository_root(root, disk)
    shown = top if root.is_absolute() else Path(os.path.relpath(top))
    return _ProjectPlace(root=root, top=shown, folder=folder_in_repository(root, disk))


def _ci(forge: Forge, request: StartRequest, place: _ProjectPlace) -> WorkflowRequest:
    return WorkflowRequest(forge=forge, folder=place.folder, writes_plans=request.writes_plans)


def _write_project(
    place: _ProjectPlace, request: StartRequest, disk: Files
) -> tuple[tuple[Path, ...], str | None]:
    root, forge = place.root, request.forge
    contents = _at(root, _contents())
    checks = {} if forge is not None else _at(place.top, validation(place.folder))
    later = [place.top / path for path in (workflow_paths(forge) if forge is not None else ())]
    _check_free([*contents, *_at(root, schema_files(OF_PROJECTS)), *checks, *later], disk)
    beside, notice = beside_project(root, _EDITED, disk)
    contents |= beside | checks
    if forge is None:
        return _write(contents, disk), notice
    contents[root / PROJECT_FILE] = _REMOTE_TARGET.sub("  ", contents[root / PROJECT_FILE])
    written = _write(contents, disk)
    ci = workflows(_project(root), _ci(forge, request, place))
    return written + _write(_at(place.top, ci), disk), notice


def _add_workflows(place: _ProjectPlace, request: WorkflowRequest, disk: Files) -> tuple[Path, ...]:
    contents = _at(place.top, workflows(_project(place.root), request))
    new = {
        path: text
        for path, text in contents.items()
        if not disk.is_file(path) or disk.read(path) != text.encode()
    }
    _check_free(new, disk)
    return _write(new | _at(place.root, new_attributes(place.root, disk)), disk)


def _project(root: Path) -> Project:
    return load_project(root / PROJECT_FILE)


def _check_free(paths: Iterable[Path], disk: Files) -> None:
    for path in paths:
        if disk.exists(path):
            raise UsageError(
                f"{path} is there already, and init never overwrites",
                hint="choose an empty folder, or remove the file; in a project, `init --ci github`"
                " or `init --ci gitlab` writes only the workflows",
            )


def _at(folder: Path, contents: Mapping[str, str]) -> dict[Path, str]:
    return {folder / path: text for path, text in contents.items()}


def _write(contents: Mapping[Path, str], disk: Files) -> tuple[Path, ...]:
    for path, text in contents.items():
        disk.write(path, text.encode())
    return tuple(contents)


def _contents() -> dict[str, str]:
    templates = files("kaiten_sync.jobs") / "templates"
    return {
        path: (templates / template).read_text(encoding="utf-8")
        for template, path in _FILES.items()
    }
