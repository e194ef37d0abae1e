"""Why git does not read a repository, such as one whose files belong to another user."""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.git.run import GitError, git_in


def refusal(folder: Path) -> str | None:
    """Why git reads no history around a folder that is in a repository, in git's own words.

    None if it reads it, or if there is no repository.
    """
    here = folder.absolute()
    if not any((each / ".git").exists() for each in (here, *here.parents)):
        return None
    try:
        git_in(here)("rev-parse", "--git-dir")
    except GitError as error:
        return " ".join(str(error).split())
    return None
