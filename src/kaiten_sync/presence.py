"""Whether something has a path, what it is, and in which repository.

Not `Path.exists` and the like: since Python 3.14 they call absent whatever cannot be looked at, and
what a catalog or the last plan lacks is deleted, or is no longer owned. Here both stay apart, as
they did before.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP})


def is_there(path: Path) -> bool:
    """Whether a path leads to something.

    Raises:
        OSError: that cannot be found out.
    """
    return _mode(path) is not None


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder. Raises as `is_there` does."""
    return stat.S_ISDIR(_mode(path) or 0)


def is_regular(path: Path) -> bool:
    """Whether a path leads to a regular file. Raises as `is_there` does."""
    return stat.S_ISREG(_mode(path) or 0)


def repository_of(folder: Path) -> Path | None:
    """The folder, or the nearest above it, that has a `.git`. Raises as `is_there` does."""
    return next((each for each in (folder, *folder.parents) if is_there(each / ".git")), None)


def _mode(path: Path) -> int | None:
    try:
        return os.stat(path).st_mode
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise
    except ValueError:  # no path has a NUL
        return None
