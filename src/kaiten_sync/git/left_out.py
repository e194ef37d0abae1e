"""Files of a repository that git was told to keep out of a checkout, or not to miss there.

Source: git-sparse-checkout(1), git-update-index(1).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.git.run import Git, GitError, git_in

_SKIPPED = re.compile("[Sa-z] ")
"""Before a path that git does not look for: to be skipped, or, in lower case, assumed unchanged.

Source: git-ls-files(1), `-v`.
"""


def left_out(paths: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """The files at and below some paths, from a folder, that git has and does not miss."""
    try:
        git = git_in(folder)
    except GitError:  # there is no git, so it was told nothing
        return ()
    found = (folder / each for path in paths for each in _skipped(git, path))
    return tuple(each for each in found if not os.path.lexists(each))


def _skipped(git: Git, path: str) -> list[str]:
    try:
        listed = git("--literal-pathspecs", "ls-files", "-v", "-z", "--", path)
    except GitError:  # the path leads out of the repository
        return []
    entries = listed.decode(errors="surrogateescape").split("\0")
    return [each[2:] for each in entries if _SKIPPED.match(each)]
