"""What the database contains stays with its owner: file rights, and errors without values."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError
from tests.support.databases import Cluster, write_migrated
from tests.support.embedded import EmbeddedServer
from tests.support.metering import opened

from kaiten_sync.server.app import ServerSettings, prepare, running
from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.settings import ServerStartError, default_database_url

SECRET = "whsec_of-the-test"


@contextmanager
def widest_rights() -> Iterator[None]:
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def rights(folder: Path) -> dict[str, str]:
    return {each.name: oct(stat.S_IMODE(each.stat().st_mode)) for each in folder.iterdir()}


@pytest.mark.parametrize("shape", ["sqlite:///{}", "sqlite:///file:{}?uri=true"])
def test_a_new_database_is_its_owners(tmp_path: Path, shape: str) -> None:
    url = shape.format(tmp_path / "new.db")
    with widest_rights(), running(ServerSettings(database_url=url)):
        assert rights(tmp_path) == {
            "new.db": "0o600",
            "new.db-wal": "0o600",
            "new.db-shm": "0o600",
            "new.db-server": "0o600",
        }


def test_an_older_database_becomes_its_owners(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    for name in ("old.db", "old.db-wal"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    with running(ServerSettings(database_url=url)):
        assert set(rights(tmp_path).values()) == {"0o600"}
    assert f"other users had rights on {tmp_path / 'old.db'};" in caplog.text


def test_a_file_that_is_only_read_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    write_migrated(path)
    path.chmod(0o444)
    with closing(open_engine(f"sqlite:///{path}")) as database, suppress(DBAPIError):
        database.is_ready()
    assert rights(tmp_path)["kept.db"] == "0o400"


@pytest.mark.parametrize("content", [b"root:x:0:0\n", b"SQLite format", b"\0"])
def test_a_file_that_is_no_database_keeps_its_rights(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "passwd"
    path.write_bytes(content)
    path.chmod(0o644)
    with opened(f"sqlite:///{path}") as database, suppress(DatabaseError):
        database.is_ready()
    assert rights(tmp_path) == {"passwd": "0o644"}


_ANOTHERS = [
    "CREATE TABLE license (a)",
    "CREATE VIEW license AS SELECT 1",
    "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES ('1a2b3c4d')",
    "CREATE TABLE alembic_version (version_num); CREATE TABLE license (a)",
]


@pytest.mark.parametrize("theirs", _ANOTHERS)
def test_a_database_of_another_program_stays_as_it_is(
    tmp_path: Path, theirs: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as another:
        another.executescript(theirs)
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(ServerStartError, match="another program"):
        prepare(ServerSettings(database_url=f"sqlite:///{path}"))
    assert rights(tmp_path) == {"theirs.db": "0o644"}
    assert path.read_bytes() == before
    assert caplog.text == ""


def test_a_file_of_another_user_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs.db").touch(0o644)
    (tmp_path / "theirs.db").chmod(0o644)

    def refuse(_path: Path, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with opened(f"sqlite:///{tmp_path / 'theirs.db'}") as database:
        assert database.is_ready()
    assert "theirs.db: Operation not permitted" in caplog.text


def test_a_database_in_memory_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite://", "sqlite:///:memory:"):
        with opened(url) as database:
            assert database.is_ready()
    assert rights(tmp_path) == {}


@pytest.mark.parametrize("exists", [False, True])
def test_the_data_folder_is_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with widest_rights():
        if exists:
            (tmp_path / "kaiten-sync").mkdir()
        default_database_url()
    assert rights(tmp_path) == {"kaiten-sync": "0o700"}


_ENDPOINT = (
    "INSERT INTO webhook_endpoint (id, organisation_id, url, event_types, secret, leased_until,"
    " created_at, updated_at) VALUES (:id, :org, :url, '[]', :secret, 0, 0, :updated)"
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"org": "nobody"},  # a foreign key
        {"updated": None},  # a column that must not be empty: the details repeat the row
        {"id": None},
    ],
)
def test_an_error_of_the_database_repeats_no_values(
    server: EmbeddedServer, wrong: dict[str, None]
) -> None:
    values = {"id": "1", "org": "1", "url": "https://x/", "secret": SECRET, "updated": 0, **wrong}
    with (
        opened(server.database_url) as database,
        pytest.raises(IntegrityError) as caught,
        database.writing() as connection,
    ):
        connection.execute(text(_ENDPOINT), values)
    said = _everything(caught.value)
    assert SECRET not in said
    assert "nobody" not in said
    assert "webhook_endpoint" in said or "FOREIGN KEY" in said


def test_details_of_postgresql_are_left_out(postgresql: Cluster) -> None:
    with opened(postgresql.new_database()) as database:
        with database.writing() as connection:
            connection.execute(text("CREATE TABLE t (secret text UNIQUE CHECK (secret <> 'a'))"))
            connection.execute(text("INSERT INTO t VALUES (:s)"), {"s": SECRET})
        for value in (SECRET, "a"):
            with pytest.raises(DBAPIError) as caught, database.writing() as connection:
                connection.execute(text("INSERT INTO t VALUES (:s)"), {"s": value})
            said = _everything(caught.value)
            assert "violates" in said
            assert "DETAIL" not in said
            assert SECRET not in said


def _everything(error: BaseException) -> str:
    """What a log shows of an error and of those behind it."""
    found, current = "", [error]
    while current:
        each = current.pop()
        found += f"{each!r} {each}"
        current += [more for more in (each.__cause__, each.__context__) if more is not None]
    return found
