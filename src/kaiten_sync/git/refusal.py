"""Why git does not read a repository: whose it is, its settings, or what is not there."""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.git.run import Git, GitError, git_in
from kaiten_sync.presence import repository_of

PARTIAL_CLONE = (
    "this is a partial clone (`git clone --filter`), and missing files are not fetched from here;"
    " clone without a filter, or run: git fetch --refetch --no-filter"
)


def refusal(folder: Path) -> str | None:
    """Why git reads no history, or not all, around a folder that is in a repository.

    None if it reads it, or if there is no repository.
    """
    here = folder.absolute()
    if repository_of(here) is None:
        return None
    try:
        git = git_in(here)
        git("rev-parse", "--git-dir")
    except GitError as error:
        return " ".join(str(error).split())
    return _unread_history(git) or (PARTIAL_CLONE if _lacks_objects(git) else None)


def _unread_history(git: Git) -> str | None:
    """Why git cannot list commits, if there are any: a setting that it does not understand."""
    try:
        git("rev-parse", "--quiet", "--verify", "HEAD")
    except GitError:
        return None
    try:
        git("log", "--max-count=0")
    except GitError as error:
        return " ".join(str(error).split())
    return None


def is_left_out(git: Git, spec: str) -> bool:
    """Whether a partial clone lacks what it takes to read `REV:PATH`, or the object with an id.

    By its objects: what git says of it changes between its versions.
    """
    if not _has_promisor(git):
        return False
    revision, has_path, path = spec.partition(":")
    if not has_path:
        return True
    try:
        git("rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}")
    except GitError:
        return False
    top = () if path.startswith("./") else ("--full-tree",)
    try:
        listed = git("ls-tree", "-z", *top, revision, "--", path)
        for line in listed.split(b"\0")[:-1]:
            git("cat-file", "-e", line.split()[2].decode())
    except GitError:  # a folder on the way to it, or the file
        return True
    return False


def _lacks_objects(git: Git) -> bool:
    """Whether objects of this folder's history are left on a remote until somebody asks for them.

    Source: git-config(1), `remote.<name>.promisor`; git-rev-list(1), `--missing`.
    """
    if not _has_promisor(git):
        return False
    try:
        listed = git("rev-list", "--objects", "--missing=print", "HEAD", "--", ".")
    except GitError:  # not even the folders that it looks through are there
        return True
    return any(line.startswith(b"?") for line in listed.splitlines())


def _has_promisor(git: Git) -> bool:
    try:
        git("config", "--type=bool", "--get-regexp", r"^remote\..*\.promisor$", "true")
    except GitError:  # no remote has any
        return False
    return True
