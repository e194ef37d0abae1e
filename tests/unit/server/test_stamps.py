"""Whether another file was copied over that of a database is told by a number in its header."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kaiten_sync.server.db.stamps import Stamp


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database that is open, with a log and some pages."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as opened:
        opened.execute("PRAGMA journal_mode=WAL")
        opened.execute("CREATE TABLE t (x)")
        _grow(opened)
        yield opened


def test_it_is_not_lost_before_and_after_it_reaches_the_file(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    stamp = Stamp(tmp_path / "a.db")
    assert not stamp.is_lost
    for _ in range(3):
        connection.execute(f"PRAGMA user_version={stamp.renew()}")
        assert not stamp.is_lost
        _grow(connection)
        assert not stamp.is_lost
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert not stamp.is_lost
        connection.execute("VACUUM")
        assert not stamp.is_lost


def test_a_file_that_grows_is_not_another_one(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """SQLite writes the first page first: for a moment it counts more pages than there are."""
    stamp = Stamp(tmp_path / "a.db")
    connection.execute(f"PRAGMA user_version={stamp.renew()}")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    os.truncate(tmp_path / "a.db", 4096)
    assert not stamp.is_lost


@pytest.mark.parametrize("is_backup", [True, False])
def test_a_copy_of_an_earlier_start_is_another_file(
    connection: sqlite3.Connection, tmp_path: Path, is_backup: bool
) -> None:
    file, other = tmp_path / "a.db", tmp_path / "b.db"
    stamp = Stamp(file)
    for _ in range(2):
        connection.execute(f"PRAGMA user_version={stamp.renew()}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert not stamp.is_lost
        if not other.exists():
            other.write_bytes(file.read_bytes() if is_backup else b"")
    shutil.copyfile(other, file)
    assert stamp.is_lost
    assert stamp.is_lost


@pytest.mark.parametrize("is_copied", [True, False])
def test_a_backup_of_the_same_start_is_another_file_unless_sqlite_restores_it(
    connection: sqlite3.Connection, tmp_path: Path, is_copied: bool
) -> None:
    file, stamp = tmp_path / "a.db", Stamp(tmp_path / "a.db")
    connection.execute("CREATE TABLE u (x)")
    connection.execute(f"PRAGMA user_version={stamp.renew()}")
    for _ in range(3):  # if it was restored, the second and third are of a restored file
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert not stamp.is_lost
        with closing(sqlite3.connect(tmp_path / "b.db")) as backup:
            connection.backup(backup)
            _grow(connection)
            if not is_copied:
                backup.backup(connection)
        (tmp_path / "b.db").replace(tmp_path / "c.db")
        assert not stamp.is_lost
    if is_copied:
        shutil.copyfile(tmp_path / "c.db", file)
    else:
        connection.execute("VACUUM")
    assert stamp.is_lost is is_copied


def _grow(connection: sqlite3.Connection) -> None:
    for _ in range(50):
        connection.execute("INSERT INTO t VALUES (zeroblob(5000))")
