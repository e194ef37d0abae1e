"""Files of a repository that git was told to keep out of a checkout, or not to miss there.

Source: git-sparse-checkout(1), git-update-index(1).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.git.run import GitError, git_in
from kaiten_sync.presence import repository_of

_SKIPPED = re.compile("[Sa-z] ")
"""Before a path that git does not look for: to be skipped, or, in lower case, assumed unchanged.

Source: git-ls-files(1), `-v`.
"""

_SPARSE = re.compile(r"^\s*sparsecheckout\s*(=\s*(true|yes|on|1)\s*)?$", re.I | re.M)
"""The setting of a sparse checkout that is on. Source: git-config(1), `core.sparseCheckout`."""

_MOST_BYTES = 1024 * 1024
"""Of a file of settings: far more than git writes."""


def left_out(paths: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """The files at and below some paths, from a folder, that git has and does not miss.

    Each path is looked for in its own repository, which need not be that of the folder, and in the
    submodules below.

    Raises:
        UsageError: this is a sparse checkout, and git does not say what it leaves out.
    """
    found = (each for path in paths for each in _skipped(folder.absolute() / path))
    return tuple(each for each in found if not os.path.lexists(each))


def _skipped(path: Path) -> list[Path]:
    base = next(each for each in (path, *path.parents) if each.is_dir())
    inner = str(path.relative_to(base))
    try:
        git = git_in(base)
        listed = git(
            "--literal-pathspecs", "ls-files", "-v", "-z", "--recurse-submodules", "--", inner
        )
    except GitError as error:
        if not _is_sparse(base):
            return []
        why = " ".join(str(error).split())
        raise UsageError(
            f"git does not say which files this sparse checkout leaves out: {why}",
            hint="make git work here, or check out the whole repository: a plan would delete what"
            " is left out",
        ) from error
    entries = listed.decode(errors="surrogateescape").split("\0")
    return [base / each[2:] for each in entries if _SKIPPED.match(each)]


def _is_sparse(folder: Path) -> bool:
    """Whether the settings of the repository around a folder say so, read without git."""
    top = repository_of(folder)
    return top is not None and any(
        _SPARSE.search(_text_of(place / name))
        for place in _places(top / ".git")
        for name in ("config.worktree", "config")
    )


def _places(start: Path) -> Iterator[Path]:
    """The folders of a repository's settings. Source: gitrepository-layout(5)."""
    # Of a linked worktree and a submodule, this is a file that names the folder.
    named = _text_of(start).removeprefix("gitdir:").strip()
    own = start.parent / named if named else start
    yield own
    if common := _text_of(own / "commondir").strip():
        yield own / common


def _text_of(path: Path) -> str:
    """The beginning of a file; nothing if it is none, or cannot be read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode(errors="replace")
    except (OSError, ValueError):
        return ""
