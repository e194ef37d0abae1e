"""Files that git leaves out, as `.gitignore` says. Source: git-check-ignore(1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.git.run import GitError, git_in


def ignored(paths: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Those of some paths that git leaves out; none outside a repository. They need not exist."""
    asked = {str(path.absolute()): path for path in paths}
    try:
        listed = git_in(folder)("-c", "core.quotePath=false", "check-ignore", "--", *asked)
        names = listed.decode().splitlines()
    except (GitError, UnicodeDecodeError):  # git ends with 1 if it leaves none out
        return ()
    return tuple(asked[name] for name in names if name in asked)
