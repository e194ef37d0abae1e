"""The git repository around a project, as forges see it: they name files from its root."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.ports import Files


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


def named_from_root(diagnostics: Iterable[Diagnostic], folder: str) -> tuple[Diagnostic, ...]:
    """The diagnostics with files named from the root instead of from a folder."""
    return tuple(
        each
        if each.ref is None or not folder or posixpath.isabs(each.ref.file)
        else replace(
            each,
            ref=replace(each.ref, file=posixpath.normpath(posixpath.join(folder, each.ref.file))),
        )
        for each in diagnostics
    )
