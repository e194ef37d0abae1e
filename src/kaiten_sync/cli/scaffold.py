"""The files of a new project."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from kaiten_sync.cli.output import write_file
from kaiten_sync.errors import UsageError
from kaiten_sync.validate import schema_text

_FILES = {
    "kaiten-sync.yaml": "kaiten-sync.yaml",
    "catalog/entitlements.yaml": "catalog/entitlements.yaml",
    "catalog/licenses.yaml": "catalog/licenses.yaml",
    "github/kaiten-sync.yml": ".github/workflows/kaiten-sync.yml",
    "vscode/settings.json": ".vscode/settings.json",
}
"""Template, and where it goes. Hidden folders are spelled out only here."""

_SCHEMAS = ("catalog", "project")


def write_project(root: Path) -> list[Path]:
    """Write all files of a new project below a folder, and name them.

    Raises:
        UsageError: one of them is there already; nothing was written.
    """
    contents = {root / path: text for path, text in _contents().items()}
    for path in contents:
        if path.exists():
            raise UsageError(
                f"{path} is there already, and init never overwrites",
                hint="choose an empty folder, or remove the file",
            )
    for path, text in contents.items():
        write_file(path, text.encode())
    return list(contents)


def _contents() -> dict[str, str]:
    templates = files("kaiten_sync.cli") / "templates"
    contents = {
        path: (templates / template).read_text(encoding="utf-8")
        for template, path in _FILES.items()
    }
    contents |= {f"schemas/{name}.schema.json": schema_text(name) for name in _SCHEMAS}
    return contents
