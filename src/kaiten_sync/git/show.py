"""A file as it was at a revision: `main:plans/prod.plan.json`, as git itself spells it."""

from __future__ import annotations

from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.git.run import GitError, git_in


def file_at(spec: str, folder: Path) -> bytes:
    """The content of `REV:PATH`. The path is from the repository's root, or `./` from `folder`.

    Raises:
        UsageError: there is no git, no repository here, no such revision, or no such file in it.
    """
    if spec.startswith("-"):
        raise UsageError(f"cannot read {spec}: a revision does not begin with a hyphen")
    try:
        # `cat-file` writes the stored bytes: no filter, no pager.
        return git_in(folder)("cat-file", "blob", spec)
    except GitError as error:
        raise UsageError(
            f"cannot read {spec}: {error}",
            hint="a revision and a path from the repository's root, such as"
            " main:plans/prod.plan.json",
        ) from error
