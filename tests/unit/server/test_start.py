"""Starting: the first token, the schema, and what keeps a server from starting."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, select, text
from starlette.applications import Starlette
from starlette.routing import Route
from tests.support.databases import Cluster, write_migrated

from kaiten_sync.server import app
from kaiten_sync.server.app import (
    Prepared,
    ServerSettings,
    ServerStartError,
    prepare,
    running,
    serve,
)
from kaiten_sync.server.db import engine
from kaiten_sync.server.db.engine import open_engine
from kaiten_sync.server.db.migrate import alembic_config
from kaiten_sync.server.db.tables import metadata
from kaiten_sync.server.web.routes import build_app
from kaiten_sync.server.web.transactions import Surroundings

CHOSEN = "ksh_chosen-by-hand-for-a-test"


def sqlite_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'kaiten.db'}"


def start(url: str, token: str | None = None) -> Prepared:
    prepared = prepare(ServerSettings(database_url=url, bootstrap_token=token))
    prepared.database.close()
    return prepared


def run(url: str, statement: str) -> None:
    """Change the database behind the server's back."""
    with closing(open_engine(url)) as database, database.writing() as connection:
        connection.execute(text(statement))


def everything_in(url: str) -> str:
    """All that the tables hold."""
    with closing(open_engine(url)) as database, database.reading() as connection:
        return str([connection.execute(select(table)).all() for table in metadata.sorted_tables])


def count(url: str, table: str) -> int:
    with closing(open_engine(url)) as database, database.reading() as connection:
        counted: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        return counted


def opens(url: str, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/api/licenses", headers=headers).status_code == 200


def test_the_first_start_makes_a_token_and_shows_it_once(empty_url: str) -> None:
    first = start(empty_url).new_token
    assert first
    assert re.fullmatch(r"ksh_[A-Za-z0-9_-]{43}", first)
    with running(ServerSettings(database_url=empty_url)) as started:
        assert started.new_token is None
        assert opens(started.url, first)
    assert first not in everything_in(empty_url)


def test_a_chosen_token_is_added_once(empty_url: str) -> None:
    made = start(empty_url).new_token
    assert made
    assert start(empty_url, CHOSEN).new_token is None
    assert start(empty_url, CHOSEN).new_token is None
    settings = ServerSettings(database_url=empty_url, bootstrap_token=CHOSEN + "-2")
    with running(settings) as started:
        assert all(opens(started.url, token) for token in (made, CHOSEN, CHOSEN + "-2"))
    assert count(empty_url, "token") == 3
    assert count(empty_url, "organisation") == 1


@pytest.mark.parametrize(
    "token", ["", "ksh_", "ksh_short", "ksm_" + "x" * 40, "ksh_with blank" * 3]
)
def test_what_is_no_token_is_refused_before_anything_is_made(tmp_path: Path, token: str) -> None:
    with pytest.raises(ServerStartError) as error:
        start(sqlite_in(tmp_path), token)
    assert len(token) < 5 or token not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_token_does_not_come_back(empty_url: str) -> None:
    start(empty_url, CHOSEN)
    run(empty_url, "UPDATE token SET revoked_at = 1")
    with pytest.raises(ServerStartError, match="revoked"):
        start(empty_url, CHOSEN)


def test_revoking_and_expiring_work_at_once(empty_url: str) -> None:
    settings = ServerSettings(database_url=empty_url, bootstrap_token=CHOSEN)
    with running(settings) as started:
        assert opens(started.url, CHOSEN)
        run(empty_url, "UPDATE token SET expires_at = 1")
        assert not opens(started.url, CHOSEN)
        run(empty_url, "UPDATE token SET expires_at = NULL, revoked_at = 1")
        assert not opens(started.url, CHOSEN)


def test_a_newer_database_is_refused(empty_url: str) -> None:
    start(empty_url)
    run(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ServerStartError, match="newer than this program"):
        start(empty_url)


def test_an_older_database_is_brought_up_to_date(empty_url: str) -> None:
    with closing(open_engine(empty_url)) as database, database.writing() as connection:
        command.upgrade(alembic_config(connection), "0001")
    made = start(empty_url).new_token
    assert made
    with running(ServerSettings(database_url=empty_url)) as started:
        assert opens(started.url, made)


def test_another_program_is_left_alone(empty_url: str) -> None:
    run(empty_url, "CREATE TABLE license (plate TEXT)")
    with pytest.raises(ServerStartError, match="tables of another program: license"):
        start(empty_url)
    run(empty_url, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    run(empty_url, "INSERT INTO alembic_version VALUES ('3f2a1b9c8d7e')")
    with pytest.raises(ServerStartError, match="belongs to another program"):
        start(empty_url)
    assert count(empty_url, "license") == 0


def test_a_damaged_file_is_refused_with_the_way_out(tmp_path: Path) -> None:
    write_migrated(tmp_path / "kaiten.db")
    with (tmp_path / "kaiten.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"x" * 40 * 4096)
    with pytest.raises(ServerStartError, match="malformed") as refused:
        start(sqlite_in(tmp_path))
    assert "restore a backup, without -wal and -shm files" in (refused.value.hint or "")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kaiten.db").write_bytes(b"not a database, but long enough to be looked at" * 9)
    with pytest.raises(ServerStartError, match="cannot be opened"):
        start(sqlite_in(tmp_path))


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "sqlite:////no/such/folder/x.db",
        "sqlite+aiosqlite:///x.db",
        "sqlite+nothing:///x.db",
        "sqlite://localhost/x.db",
        "sqlite:///x.db?timeout=soon",
        "sqlite:///x.db?check_same_thread=maybe",
        "sqlite:///x.db?mode=ro",
        "sqlite:///x.db?mode=ro&uri=true",
        "sqlite:///x.db?uri=true",
        "mysql://root:secret@localhost/x",
        "postgresql+asyncpg://root:secret@localhost/x",
        "postgresql+pg8000://root:secret@localhost/x",
        "postgresql://root:secret@localhost:port/x",
        "postgresql://root:a@secret@localhost/x",
        "postgresql://root:secret@localhost:1/x",
        "postgres:///x?host=/no/such/folder&user=root&password=secret",
        "postgresql+psycopg:///x?nonsense=secret",
    ],
)
def test_databases_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ServerStartError) as error:
        prepare(ServerSettings(database_url=url, bootstrap_token=CHOSEN))
    assert error.value.hint
    assert "secret" not in error.value.message + error.value.hint


def test_a_database_that_can_only_be_read_is_said(fresh_url: str, database: str) -> None:
    if database == "postgresql":
        read_only, hint = f"{fresh_url}&options=-c%20default_transaction_read_only%3Don", "replica"
        refused = _refused(read_only)
    else:
        hint = "writable"
        event.listen(Engine, "connect", _let_read_only)
        try:
            refused = _refused(fresh_url)
        finally:
            event.remove(Engine, "connect", _let_read_only)
    assert "read" in refused.message
    assert hint in str(refused.hint)


def _refused(url: str) -> ServerStartError:
    with pytest.raises(ServerStartError) as refused:
        prepare(ServerSettings(database_url=url, bootstrap_token=CHOSEN))
    return refused.value


def _let_read_only(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")


def test_a_database_that_another_program_holds_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_WAIT_MS", 1)
    url = sqlite_in(tmp_path)
    start(url)
    with closing(sqlite3.connect(tmp_path / "kaiten.db", isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        refused = _refused(url)
    assert refused.message.endswith("database is locked")
    assert refused.hint == "stop the program that uses it, and start again"


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    def limit(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count=2")

    event.listen(Engine, "connect", limit)
    try:
        refused = _refused(sqlite_in(tmp_path))
    finally:
        event.remove(Engine, "connect", limit)
    assert refused.message.endswith("database or disk is full")
    assert refused.hint == "make room on its disk, and start again"


def test_a_user_without_rights_is_said(postgresql: Cluster) -> None:
    url = postgresql.empty_database()
    with closing(open_engine(url)) as database, database.writing() as connection:
        # As it is from PostgreSQL 15 on.
        connection.exec_driver_sql("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    refused = _refused(f"{url}&options=-crole%3Dpg_monitor")
    assert refused.message.endswith("permission denied for schema public")
    assert str(refused.hint).startswith("make the user of the URL the owner of the database")


def test_a_database_that_cannot_hold_all_texts_is_refused(postgresql: Cluster) -> None:
    postgresql.run(
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc TEMPLATE template0"
    )
    with pytest.raises(ServerStartError, match="its encoding is LATIN1"):
        start(postgresql.url("latin"))


def test_several_workers_need_postgresql(tmp_path: Path) -> None:
    with pytest.raises(ServerStartError, match="only PostgreSQL can be shared"):
        prepare(ServerSettings(database_url=sqlite_in(tmp_path), workers=2))
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_said_before_the_database_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = ServerSettings(database_url=sqlite_in(tmp_path))
        with pytest.raises(ServerStartError, match="cannot listen"), running(settings, port=port):
            pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "", "\u202e"])
def test_a_host_that_is_not_of_this_machine_is_named(tmp_path: Path, host: str) -> None:
    settings = ServerSettings(database_url=sqlite_in(tmp_path))
    with (
        pytest.raises(ServerStartError, match="cannot listen") as refused,
        running(settings, host=host),
    ):
        pass
    assert "--host is an address of this machine" in (refused.value.hint or "")


def _is_compared(_item: object, name: str | None, kind: str, *_: object) -> bool:
    # Neither sees the collation of an expression; `test_migrations` compares these indexes too.
    return not (kind == "index" and str(name).endswith("_start_id"))


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based")
def test_migrations_lead_to_the_tables(empty_url: str) -> None:
    start(empty_url)
    with closing(open_engine(empty_url)) as database, database.reading() as connection:
        options = {"compare_type": True, "include_object": _is_compared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_a_file_is_kept_as_safe_as_it_is_fast(tmp_path: Path) -> None:
    with closing(open_engine(sqlite_in(tmp_path))) as database, database.reading() as connection:
        pragma = connection.exec_driver_sql
        assert pragma("PRAGMA journal_mode").scalar_one() == "wal"
        assert pragma("PRAGMA foreign_keys").scalar_one() == 1


def test_what_cannot_begin_beside_the_requests_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise RuntimeError("no such thing")

    @asynccontextmanager
    async def broken(_app: Starlette) -> AsyncIterator[None]:
        await fail()
        yield

    monkeypatch.setattr(app, "_application", lambda *_: Starlette(lifespan=broken))
    settings = ServerSettings(database_url=sqlite_in(tmp_path))
    with pytest.raises(ServerStartError, match="stopped while it started"), running(settings):
        pass
    with pytest.raises(ServerStartError, match="stopped while it started"):
        serve(settings, "127.0.0.1", 0, lambda _: None)


def test_an_unforeseen_failure_tells_an_id_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepared = prepare(ServerSettings(database_url=sqlite_in(tmp_path)))

    async def broken(_request: object) -> None:
        raise RuntimeError("the secret cause")

    app: Starlette = build_app(Surroundings(database=prepared.database))
    app.router.routes.append(Route("/api/broken", broken))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/api/broken")

    import asyncio

    answer = asyncio.run(ask())
    prepared.database.close()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "INTERNAL")
    assert "secret" not in answer.text
    assert problem["errorId"] in caplog.text
    assert "the secret cause" in caplog.text


def test_a_home_that_cannot_be_written_to_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    with pytest.raises(ServerStartError, match="there can be no data folder") as raised:
        prepare(ServerSettings())
    assert "--database" in str(raised.value.hint)
