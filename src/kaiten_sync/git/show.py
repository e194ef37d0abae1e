"""A file as it was at a revision: `main:plans/prod.plan.json`, as git itself spells it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from kaiten_sync.errors import UsageError

_TIMEOUT_S = 30.0
_LONGEST_MESSAGE = 300


def file_at(spec: str, folder: Path) -> bytes:
    """The content of `REV:PATH`. The path is from the repository's root, or `./` from `folder`.

    Raises:
        UsageError: there is no git, no repository here, no such revision, or no such file in it.
    """
    program = shutil.which("git")
    if program is None:
        raise UsageError(f"cannot read {spec}: there is no `git` program on this machine")
    if spec.startswith("-"):
        raise UsageError(f"cannot read {spec}: a revision does not begin with a hyphen")
    # `cat-file` shows the bytes as they are: no filter, no pager, no program of the repository.
    command = [program, "-C", str(folder), "cat-file", "blob", spec]
    try:
        done = subprocess.run(  # noqa: S603  (no shell; the argument cannot be an option)
            command, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"cannot read {spec}: git did not answer") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
        raise UsageError(
            f"cannot read {spec}: {said[:_LONGEST_MESSAGE]}",
            hint="a revision and a path from the repository's root, such as"
            " main:plans/prod.plan.json",
        )
    return done.stdout
