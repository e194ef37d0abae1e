"""Files as they were: at a revision, as git itself spells it, and before that."""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.git.refusal import PARTIAL_CLONE, is_left_out
from kaiten_sync.git.run import Git, GitError, git_in

LARGEST_BYTES = 256 * 1024 * 1024
"""As for a file on disk. Some kilobytes in a repository can be gigabytes when unpacked."""


def file_at(spec: str, folder: Path) -> bytes:
    """The content of `REV:PATH`. The path is from the repository's root, or `./` from `folder`.

    Raises:
        UsageError: there is no git, no repository here, no such revision, or no such file in it.
    """
    if spec.startswith("-"):
        raise UsageError(
            f"cannot read {spec}: a revision does not begin with a hyphen",
            hint="name it as refs/heads/-NAME:PATH, or by its commit",
        )
    git: Git | None = None
    try:
        git = git_in(folder)
        size_bytes = int(git("cat-file", "-s", spec))
        if size_bytes > LARGEST_BYTES:
            raise GitError(f"it is larger than {LARGEST_BYTES:,} bytes")
        # `cat-file` writes the stored bytes: no filter, no pager.
        return git("cat-file", "blob", spec)
    except GitError as error:
        raise UsageError(
            f"cannot read {spec}: {error}",
            hint=PARTIAL_CLONE
            if git is not None and is_left_out(git, spec)
            else "a revision and a path from the repository's root, such as"
            " main:plans/prod.plan.json",
        ) from error


def check_commit(revision: str, folder: Path) -> None:
    """Make sure that a revision is a commit.

    Raises:
        UsageError: there is no git, no repository here, or no such commit in it.
    """
    try:
        if revision.startswith("-"):
            raise GitError("a revision does not begin with a hyphen")
        git_in(folder)("cat-file", "-e", f"{revision}^{{commit}}")
    except GitError as error:
        raise UsageError(
            f"there is no commit {revision} in git here: {error}",
            hint="check its name; a shallow clone gets the whole history by git fetch --unshallow",
        ) from error


_SIMILAR = "1%"
"""What a renamed plan has to share with the one before: it is made again in the same commit. The
first plan creates everything, and the second may change one field."""


def versions(path: Path, *, renamed: bool = False) -> tuple[str, ...]:
    """The contents that a file had on this branch, newest first, as specs for `file_at`.

    Only what the branch itself had at some time: commits that were merged into it later count as
    one. With `renamed`, also what it had under the names before. Empty if git does not know the
    file.
    """
    command = ("log", "--first-parent", "-m", "--no-show-signature", "--format=", "--raw")
    names = ("--follow", f"--find-renames={_SIMILAR}") if renamed else ("--no-renames",)
    try:
        listed = git_in(path.parent)(
            "--literal-pathspecs", *command, "--no-abbrev", *names, "--", path.name
        )
    except GitError:
        return ()
    blobs = (line.split()[3].decode() for line in listed.splitlines() if line.startswith(b":"))
    return tuple(blob for blob in blobs if blob.strip("0"))
