"""Both sides of a file that git could not merge, from its index: the working copy may have neither.

Source: git-ls-files(1), `--unmerged`; git-read-tree(1), "3-Way Merge": stage 2 is ours, stage 3
theirs.
"""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.git.run import GitError, git_in

_SIDES = ("2", "3")


def unmerged_sides(path: Path) -> tuple[bytes, ...]:
    """The content of a file on each side that has it; empty if it is merged, or not git's."""
    try:
        git = git_in(path.parent)
        listed = git("--literal-pathspecs", "ls-files", "--unmerged", "-z", "--", path.name)
        entries = [line.split("\t")[0].split() for line in listed.decode().split("\0") if line]
        return tuple(git("cat-file", "blob", blob) for _, blob, stage in entries if stage in _SIDES)
    except (GitError, UnicodeDecodeError):
        return ()
