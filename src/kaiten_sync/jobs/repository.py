"""The git repository around a project, as forges see it: they name files from its root."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.drift import DriftReport
from kaiten_sync.model.ports import Files
from kaiten_sync.model.source import SourceRef


def repository_root(folder: Path, disk: Files) -> Path:
    """The nearest folder from here upwards that is a repository's; the folder itself if none is."""
    here = folder.absolute()
    return next((each for each in (here, *here.parents) if disk.exists(each / ".git")), here)


def is_in_repository(folder: Path, disk: Files) -> bool:
    """Whether a folder is in a git repository."""
    return disk.exists(repository_root(folder, disk) / ".git")


def folder_in_repository(folder: Path, disk: Files) -> str:
    """The way from the repository's root to a folder; empty at the root."""
    way = folder.absolute().relative_to(repository_root(folder, disk)).as_posix()
    return "" if way == "." else way


def named_from_root(
    diagnostics: Iterable[Diagnostic], folder: Path, disk: Files
) -> tuple[Diagnostic, ...]:
    """The diagnostics with files named from the repository's root instead of from a folder."""
    name = _Names(folder, disk)
    return tuple(each.changed(ref=name(each.ref)) for each in diagnostics)


def drift_from_root(
    reports: Iterable[DriftReport], folder: Path, disk: Files
) -> tuple[DriftReport, ...]:
    """The reports with files named from the repository's root instead of from a folder."""
    name = _Names(folder, disk)
    return tuple(
        report.changed(
            differences=tuple(
                each.changed(
                    source=name(each.source),
                    fields=tuple(f.changed(source=name(f.source)) for f in each.fields),
                )
                for each in report.differences
            ),
        )
        for report in reports
    )


class _Names:
    """Names files of a folder as the repository around it does; others keep their names."""

    def __init__(self, folder: Path, disk: Files) -> None:
        self._folder = folder.absolute().as_posix()
        self._root = repository_root(folder, disk).as_posix()

    def __call__(self, ref: SourceRef | None) -> SourceRef | None:
        if ref is None:
            return None
        path = posixpath.normpath(posixpath.join(self._folder, ref.file))
        inside = path.removeprefix(self._root.rstrip("/") + "/")
        is_inside = inside != path
        return SourceRef(inside, ref.line, ref.column, ref.through) if is_inside else ref
