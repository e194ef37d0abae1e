"""The files of a new project, and the workflows that an existing one gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from kaiten_sync.cli.output import write_file
from kaiten_sync.cli.session import load_project
from kaiten_sync.cli.workflows import Forge, validation, workflow_paths, workflows
from kaiten_sync.declare.project import PROJECT_FILE
from kaiten_sync.errors import UsageError
from kaiten_sync.model.settings import Project
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


def write_project(root: Path, forge: Forge | None) -> list[Path]:
    """Write all files of a new project below a folder, and name them.

    With a forge, its workflows are among them, and a target that they work on is in the project
    file; else the workflow that only validates.

    Raises:
        UsageError: one of them is there already; nothing was written.
    """
    contents = _contents() if forge is not None else {**_contents(), **validation()}
    _check_free(root, [*contents, *(workflow_paths(forge) if forge else ())])
    if forge is None:
        return _write(root, contents)
    contents[PROJECT_FILE] = _REMOTE_TARGET.sub("  ", contents[PROJECT_FILE])
    written = _write(root, contents)
    return written + _write(root, workflows(forge, _project(root)))


def add_workflows(root: Path, forge: Forge) -> list[Path]:
    """Write the workflows of a project that is there already, and name them.

    Raises:
        UsageError: one of them is there already with other content, or there is no target for
            them. Nothing was written. DeclarationError: the project file is wrong.
    """
    contents = workflows(forge, _project(root))
    new = {path: text for path, text in contents.items() if not _has(root / path, text)}
    _check_free(root, new)
    return _write(root, new)


def has_project(root: Path) -> bool:
    """Whether a folder holds a project file."""
    return (root / PROJECT_FILE).is_file()


def _project(root: Path) -> Project:
    project = load_project(str(root / PROJECT_FILE))
    assert project is not None  # noqa: S101  (a file that is named is read or is an error)
    return project


def _has(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _check_free(root: Path, paths: Iterable[str]) -> None:
    for path in paths:
        if (root / path).exists():
            raise UsageError(
                f"{root / path} is there already, and init never overwrites",
                hint="choose an empty folder, or remove the file; in a project, `init --ci github`"
                " or `init --ci gitlab` writes only the workflows",
            )


def _write(root: Path, contents: Mapping[str, str]) -> list[Path]:
    for path, text in contents.items():
        write_file(root / path, text.encode())
    return [root / path for path in contents]


def _contents() -> dict[str, str]:
    templates = files("kaiten_sync.cli") / "templates"
    contents = {
        path: (templates / template).read_text(encoding="utf-8")
        for template, path in _FILES.items()
    }
    contents |= {f"schemas/{name}.schema.json": schema_text(name) for name in _SCHEMAS}
    return contents
