"""Notices that another file was copied over that of a database while the server has it open.

The file is still the same one, so only what is in it can tell: each start of a server writes a
number of its own into the header. The latest writes are in the log, and SQLite would mix them with
what is in the copy.

A backup of the same run has that number too, but `.backup` begins to count changes of the schema
again. In a file that SQLite writes, they never become fewer: not by VACUUM, nor by `.restore`,
which is a transaction. An earlier state of the file and a copy by VACUUM INTO are not noticed.
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

_MAX_STAMP = 2**31 - 1
"""The largest number that SQLite keeps in a header. Source: https://sqlite.org/pragma.html#pragma_user_version"""


class Stamp:
    """What the header of a file of SQLite says while nobody has copied another one over it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._expected: frozenset[int | None] = frozenset()
        self._number: int | None = None
        self._schema = 0
        self._seen: tuple[int, int] | None = None

    def renew(self) -> int:
        """A new number, to be written into the header."""
        # Until SQLite moves the new one from the log into the file, the old one counts as well.
        before, self._schema = _read(self.path) or (None, 0)
        self._number = 1 + secrets.randbelow(_MAX_STAMP)
        self._expected = frozenset((before, self._number))
        return self._number

    @property
    def is_lost(self) -> bool:
        """Whether the file has the content of another one. False if it never had a number."""
        if not self._expected:
            return False
        try:
            found = self.path.stat()
        except OSError:
            return True
        state = found.st_mtime_ns, found.st_size
        if state == self._seen:
            return False
        # Before it is read: meanwhile another thread may read what is newer.
        expected, least = self._expected, self._schema
        header = _read(self.path)
        if header is None:
            return False
        number, schema = header
        if number not in expected or schema < least:
            return True
        self._schema = schema
        if number == self._number:
            self._expected = frozenset((number,))
        self._seen = state
        return False


def _read(path: Path) -> tuple[int, int] | None:
    """The number in the file itself, whatever is in the log, and how often its schema changed.

    None if it is not a database now.

    Nor is one that SQLite just writes the log into: its first page counts more pages than there
    are. By SQLite, which keeps its locks when it closes a file that it has open elsewhere.
    """
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            (number,) = connection.execute("PRAGMA user_version").fetchone()
            (schema,) = connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error:
        return None
    return int(number), int(schema)
