"""Start: the files of a new project, and the workflows that an existing one gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kaiten_sync.declare.project import PROJECT_FILE
from kaiten_sync.errors import UsageError
from kaiten_sync.jobs.workflows import Forge, validation, workflow_paths, workflows
from kaiten_sync.jobs.workspace import load_project
from kaiten_sync.model.ports import Files
from kaiten_sync.validate import schema_text

_FILES = {
    "kaiten-sync.yaml": PROJECT_FILE,
    "catalog/entitlements.yaml": "catalog/entitlements.yaml",
    "catalog/licenses.yaml": "catalog/licenses.yaml",
    "vscode/settings.json": ".vscode/settings.json",
}
"""Template, and where it goes. Hidden folders are spelled out only here and in `workflows`."""

_SCHEMAS = ("catalog", "project")
_REMOTE_TARGET = re.compile(r"^  # ", re.MULTILINE)
"""The target that CI works on is in the template, as a comment until there is CI for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFiles:
    """The files that were written, and whether the project is new."""

    paths: tuple[Path, ...]
    is_new: bool


def start(root: Path, forge: Forge | None, disk: Files) -> NewFiles:
    """Write all files of a new project below a folder; in a project, its forge's workflows.

    With a forge, its workflows are among them, and a target that they work on is in the project
    file; else the workflow that only validates.

    Raises:
        UsageError: one of them is there already, in a project with other content, or there is no
            target for the workflows. Nothing was written. DeclarationError: the project file is
            wrong.
    """
    if forge is not None and disk.is_file(root / PROJECT_FILE):
        return NewFiles(paths=_add_workflows(root, forge, disk), is_new=False)
    return NewFiles(paths=_write_project(root, forge, disk), is_new=True)


def _write_project(root: Path, forge: Forge | None, disk: Files) -> tuple[Path, ...]:
    contents = _contents() if forge is not None else {**_contents(), **validation()}
    _check_free(root, [*contents, *(workflow_paths(forge) if forge else ())], disk)
    if forge is None:
        return _write(root, contents, disk)
    contents[PROJECT_FILE] = _REMOTE_TARGET.sub("  ", contents[PROJECT_FILE])
    written = _write(root, contents, disk)
    return written + _write(root, workflows(forge, load_project(root / PROJECT_FILE)), disk)


def _add_workflows(root: Path, forge: Forge, disk: Files) -> tuple[Path, ...]:
    contents = workflows(forge, load_project(root / PROJECT_FILE))
    new = {
        path: text
        for path, text in contents.items()
        if not disk.is_file(root / path) or disk.read(root / path) != text.encode()
    }
    _check_free(root, new, disk)
    return _write(root, new, disk)


def _check_free(root: Path, paths: Iterable[str], disk: Files) -> None:
    for path in paths:
        if disk.exists(root / path):
            raise UsageError(
                f"{root / path} is there already, and init never overwrites",
                hint="choose an empty folder, or remove the file; in a project, `init --ci github`"
                " or `init --ci gitlab` writes only the workflows",
            )


def _write(root: Path, contents: Mapping[str, str], disk: Files) -> tuple[Path, ...]:
    for path, text in contents.items():
        disk.write(root / path, text.encode())
    return tuple(root / path for path in contents)


def _contents() -> dict[str, str]:
    templates = files("kaiten_sync.jobs") / "templates"
    contents = {
        path: (templates / template).read_text(encoding="utf-8")
        for template, path in _FILES.items()
    }
    contents |= {f"schemas/{name}.schema.json": schema_text(name) for name in _SCHEMAS}
    return contents
