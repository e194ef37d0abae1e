"""Submodules: folders of a repository whose files are in a repository of their own. Stage 1.

Source: gitmodules(5), gitsubmodules(7).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

from kaiten_sync.declare.content import Text, read_text
from kaiten_sync.presence import repository_of

_FILE = ".gitmodules"
_PATH = re.compile(r"^[ \t]*path[ \t]*=(.*)$", re.MULTILINE)


def submodules(top: Path) -> tuple[str, ...]:
    """The folders of a repository's submodules, from its root."""
    listed = read_text(_FILE, top / _FILE)
    values = _PATH.findall(listed.text) if isinstance(listed, Text) else ()
    found = (each.strip(" \t").removeprefix('"').removesuffix('"') for each in values)
    # Whoever wrote the file may have named a folder of somebody else's.
    return tuple(each for each in found if each and (top / each).is_relative_to(top))


def empty_submodule(path: Path) -> str | None:
    """The submodule that a path is in, if its files were not checked out."""
    absolute = path.absolute()
    top = repository_of(absolute.parent)
    if top is None:
        return None
    folders = (top / each for each in submodules(top))
    within = (each for each in folders if absolute.is_relative_to(each))
    return next((each.relative_to(top).as_posix() for each in within), None)


def empty_submodules_in(folder: Path) -> Iterator[PurePath]:
    """The submodules below a folder, from there, whose files were not checked out.

    git leaves an empty folder in the place of each, unless it is told to fetch them.
    """
    absolute = folder.absolute()
    top = repository_of(absolute)
    if top is None:
        return
    for each in submodules(top):
        path = top / each
        if path != absolute and path.is_relative_to(absolute) and _is_empty(path):
            yield path.relative_to(absolute)


def _is_empty(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except OSError:
        return False
