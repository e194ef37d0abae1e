"""Keeps the files of an SQLite database to their owner: they contain webhook secrets.

Nothing here opens a file that SQLite may have open. Closing it again would end all locks that this
process has on it, so that another program which closes the database takes itself for the last one
and deletes the log in which the next writes are.
Source: https://sqlite.org/howtocorrupt.html, section 2.2.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sqlalchemy import URL

log = logging.getLogger(__name__)

_OWNER_ONLY = 0o600
_OF_OTHERS = 0o077

_SMALLEST_BYTES = 512
"""The smallest page of a database. SQLite takes some files that are shorter for empty databases.
Source: https://sqlite.org/fileformat.html, section 1.3.2"""

_COMPANIONS = ("", "-wal", "-shm", "-journal")
"""What the names of a database's files end in. SQLite creates the latter like the first."""


def path_of(url: URL) -> Path | None:
    """Where the file of a database is; None if it has none, or SQLite's own error says more."""
    name = url.database or ""
    if not name or ":memory:" in name:
        return None
    try:
        return Path(unquote(urlsplit(name).path) if name.startswith("file:") else name)
    except ValueError:  # not a URI
        return None


def create_private(path: Path | None) -> None:
    """Create the file of a database for its owner alone, if there is none.

    One that cannot be created is left to SQLite, whose error says more.
    """
    if path is not None:
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, _OWNER_ONLY))


def keep_private(path: Path | None) -> None:
    """Take the rights of others from the files of a database that SQLite has read.

    One whose rights cannot be changed, since it belongs to another user, is logged.
    """
    if path is None or not _is_database(path):
        return
    for each in (Path(f"{path}{ending}") for ending in _COMPANIONS):
        try:
            mode = stat.S_IMODE(each.stat().st_mode)
            if not mode & _OF_OTHERS:
                continue
            # What its owner may not do stays so: the file may be protected on purpose.
            each.chmod(mode & ~_OF_OTHERS)
        except FileNotFoundError:  # SQLite creates the others when it needs them
            continue
        except OSError as error:
            log.warning("other users have rights on %s: %s", each, error.strerror)
        else:
            log.warning("other users had rights on %s; now only its owner has", each)


class DatabaseFile:
    """Whether the file of a database is still the one that was opened.

    What is written to a file that was deleted is lost, and connections that are opened later would
    use the file that has replaced it.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._identity: tuple[int, int] | None = None

    def note(self) -> None:
        """SQLite has opened the file. The first one counts."""
        self._identity = self._identity or self._present()

    @property
    def is_moved(self) -> bool:
        """Whether another file, or none, has its place. False if it was never opened."""
        return self._identity is not None and self._identity != self._present()

    def _present(self) -> tuple[int, int] | None:
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _is_database(path: Path) -> bool:
    """Whether a file that SQLite takes is empty or a database; by its size, see above."""
    try:
        size = path.stat().st_size
    except OSError:  # SQLite's own error says more
        return False
    return path.is_file() and (size == 0 or size >= _SMALLEST_BYTES)
