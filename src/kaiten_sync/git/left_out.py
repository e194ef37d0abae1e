"""Files of a repository that a sparse checkout leaves out. Source: git-sparse-checkout(1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.git.run import Git, GitError, git_in

_SKIPPED = "S "
"""Before a path that is not in the working tree. Source: git-ls-files(1), `-t`."""


def left_out(paths: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """The files at and below some paths, from a folder, that git has and a checkout has not."""
    try:
        git = git_in(folder)
        git("config", "--type=bool", "--get-regexp", r"^core\.sparsecheckout$", "true")
    except GitError:  # it leaves nothing out
        return ()
    return tuple(folder / each for path in paths for each in _skipped(git, path))


def _skipped(git: Git, path: str) -> list[str]:
    try:
        listed = git("--literal-pathspecs", "ls-files", "-t", "-z", "--", path)
    except GitError:  # the path leads out of the repository
        return []
    entries = listed.decode(errors="surrogateescape").split("\0")
    return [each.removeprefix(_SKIPPED) for each in entries if each.startswith(_SKIPPED)]
