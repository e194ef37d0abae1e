"""Starting: the first token, the schema, and what keeps a server from starting."""

from __future__ import annotations

import re
import socket
import sqlite3
from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from starlette.applications import Starlette
from starlette.routing import Route

from kaiten_sync.server.app import (
    Prepared,
    ServerSettings,
    ServerStartError,
    prepare,
    running,
)
from kaiten_sync.server.db.tables import metadata
from kaiten_sync.server.web.dispatch import Surroundings
from kaiten_sync.server.web.routes import build_app

CHOSEN = "ksh_chosen-by-hand-for-a-test"


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'kaiten.db'}"


def start(folder: Path, token: str | None = None) -> Prepared:
    prepared = prepare(ServerSettings(database_url=url_of(folder), bootstrap_token=token))
    prepared.database.close()
    return prepared


def opens(url: str, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/api/licenses", headers=headers).status_code == 200


def test_the_first_start_makes_a_token_and_shows_it_once(tmp_path: Path) -> None:
    first = start(tmp_path).new_token
    assert first
    assert re.fullmatch(r"ksh_[A-Za-z0-9_-]{43}", first)
    with running(ServerSettings(database_url=url_of(tmp_path))) as started:
        assert started.new_token is None
        assert opens(started.url, first)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert first.encode() not in stored


def test_a_chosen_token_is_added_once(tmp_path: Path) -> None:
    made = start(tmp_path).new_token
    assert made
    assert start(tmp_path, CHOSEN).new_token is None
    assert start(tmp_path, CHOSEN).new_token is None
    settings = ServerSettings(database_url=url_of(tmp_path), bootstrap_token=CHOSEN + "-2")
    with running(settings) as started:
        assert all(opens(started.url, token) for token in (made, CHOSEN, CHOSEN + "-2"))
    with sqlite3.connect(tmp_path / "kaiten.db") as database:
        assert database.execute("SELECT count(*) FROM token").fetchone() == (3,)
        assert database.execute("SELECT count(*) FROM organisation").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize(
    "token", ["", "ksh_", "ksh_short", "ksm_" + "x" * 40, "ksh_with blank" * 3]
)
def test_what_is_no_token_is_refused_before_anything_is_made(tmp_path: Path, token: str) -> None:
    with pytest.raises(ServerStartError) as error:
        start(tmp_path, token)
    assert len(token) < 5 or token not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_token_does_not_come_back(tmp_path: Path) -> None:
    start(tmp_path, CHOSEN)
    with sqlite3.connect(tmp_path / "kaiten.db") as database:
        database.execute("UPDATE token SET revoked_at = 1")
    database.close()
    with pytest.raises(ServerStartError, match="revoked"):
        start(tmp_path, CHOSEN)


def test_revoking_and_expiring_work_at_once(tmp_path: Path) -> None:
    settings = ServerSettings(database_url=url_of(tmp_path), bootstrap_token=CHOSEN)
    database = sqlite3.connect(tmp_path / "kaiten.db", isolation_level=None)
    with running(settings) as started:
        assert opens(started.url, CHOSEN)
        database.execute("UPDATE token SET expires_at = 1")
        assert not opens(started.url, CHOSEN)
        database.execute("UPDATE token SET expires_at = NULL, revoked_at = 1")
        assert not opens(started.url, CHOSEN)
    database.close()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    start(tmp_path)
    with sqlite3.connect(tmp_path / "kaiten.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(ServerStartError, match="newer than this program"):
        start(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kaiten.db").write_bytes(b"not a database, but long enough to be looked at" * 9)
    with pytest.raises(ServerStartError, match="cannot be opened"):
        start(tmp_path)


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////no/such/folder/x.db", "mysql://root:secret@localhost/x"]
)
def test_databases_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ServerStartError) as error:
        prepare(ServerSettings(database_url=url, bootstrap_token=CHOSEN))
    assert "secret" not in str(error.value)


def test_a_port_in_use_is_said_before_the_database_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = ServerSettings(database_url=url_of(tmp_path))
        with pytest.raises(ServerStartError, match="cannot listen"), running(settings, port=port):
            pass
    assert list(tmp_path.iterdir()) == []


def test_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    prepared = prepare(ServerSettings(database_url=url_of(tmp_path)))
    with prepared.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        pragma = connection.exec_driver_sql
        assert pragma("PRAGMA journal_mode").scalar_one() == "wal"
        assert pragma("PRAGMA foreign_keys").scalar_one() == 1
    prepared.database.close()


def test_an_unforeseen_failure_tells_an_id_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepared = prepare(ServerSettings(database_url=url_of(tmp_path)))

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
