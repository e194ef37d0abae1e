"""Schemas: the JSON Schema of each document, printed or written beside a project."""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.jobs.editors import catalog_paths, new_settings, schema_files
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.model.ports import Files
from kaiten_sync.model.settings import Project
from kaiten_sync.validate import schema_names, schema_text

__all__ = ["SchemasWritten", "schema", "schema_names", "write_schemas"]

_USUAL_CATALOG = ("catalog/", "overlays/")


class SchemasWritten(Immutable, frozen=True, kw_only=True):
    """The files that were written, and what was not, None if nothing is missing."""

    paths: tuple[Path, ...]
    notice: str | None = None


def schema(name: str) -> str:
    """One schema as text.

    Raises:
        UsageError: there is none of this name.
    """
    names = schema_names()
    if name not in names:
        hint = did_you_mean(name, names) or f"schemas: {', '.join(names)}"
        raise UsageError(f"there is no schema {name!r}", hint=hint)
    return schema_text(name)


def write_schemas(folder: Path, project: Project | None, disk: Files) -> SchemasWritten:
    """Write all schemas, and the editor settings that use them, beside a project or in a folder.

    Raises:
        UsageError: a file cannot be written.
    """
    root = folder if project is None else Path(project.root)
    paths = _USUAL_CATALOG if project is None else catalog_paths(project)
    settings, notice = new_settings(root, paths, disk)
    contents = {root / path: t for path, t in {**schema_files(schema_names()), **settings}.items()}
    for path, text in contents.items():
        disk.write(path, text.encode())
    return SchemasWritten(paths=tuple(contents), notice=notice)
