"""Links whose files a checkout lacks: broken ones, and those that are text on this disk. Stage 1.

Git for Windows and `core.symlinks=false` write the text of a link into a file, and archives of a
part of a repository have links without what they lead to. Source: git-config(1), `core.symlinks`.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from kaiten_sync.declare.content import PROSE
from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.model.diagnostic import Diagnostic

NOT_HERE = "not-checked-out"
"""The rule of what git has and this checkout lacks."""

_LONGEST_BYTES = 4096
"""Of the text of a link. Source: path_resolution(7), `PATH_MAX`."""


def lost_link(shown: str, path: Path) -> Diagnostic | None:
    """Why a path is a link to a folder that is not read; None if it is anything else.

    What the folder declares would be missing, and a plan would delete it.
    """
    if path.name.startswith(".") or path.suffix.lower() in PROSE:
        return None
    if path.is_symlink() and not path.exists():
        message = "this link leads to nothing"
        return file_diagnostic(
            shown, "no-such-file", message, "remove the link, or bring back what it leads to"
        )
    if _is_text_of_link(path):
        return file_diagnostic(
            shown,
            NOT_HERE,
            "this is a link to a folder, and git wrote it as text, so the folder is not read",
            "check out with links: `git config core.symlinks true`, then `git restore FILE`",
        )
    return None


def _is_text_of_link(path: Path) -> bool:
    """Whether a file has the path of a folder and nothing else, not even the end of a line."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode) or not 0 < about.st_size <= _LONGEST_BYTES:
            return False
        content = os.fsdecode(path.read_bytes())
        return content.isprintable() and (path.parent / content).is_dir()
    except (OSError, ValueError):
        return False
