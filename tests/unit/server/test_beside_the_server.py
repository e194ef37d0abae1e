"""Programs and servers that open the SQLite file of a running server, or of one that died."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.support.command import kaiten_sync
from tests.support.metering import client, done
from tests.support.processes import HANG_S
from tests.support.server_process import ServerProcess

from kaiten_sync.server import app
from kaiten_sync.server.app import ServerSettings, ServerStartError, prepare, running

TOKEN = "ksh_beside-the-server-for-tests"

_LOOK = """
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
rows = connection.execute("SELECT slug FROM customer ORDER BY slug")
print(json.dumps([slug for (slug,) in rows]))
connection.close()
"""


def seen_by_another(file: Path) -> list[str]:
    """The customers that another process reads, which opens the file and closes it again."""
    found: list[str] = json.loads(
        subprocess.run(
            [sys.executable, "-c", _LOOK, str(file)],
            capture_output=True,
            text=True,
            check=True,
            timeout=HANG_S,
        ).stdout
    )
    return found


def add(api: httpx.Client, slug: str) -> None:
    done(api.post("/customers", json={"name": slug, "slug": slug}))


@pytest.mark.parametrize("shape", ["sqlite:///{}", "sqlite:///file:{}?uri=true"])
def test_what_is_written_after_another_program_looked_is_in_the_file(
    tmp_path: Path, shape: str
) -> None:
    # SQLite would take the last program that closes the file for the only one, and delete the log
    # in which the server's next writes are.
    file = tmp_path / "kaiten.db"
    settings = ServerSettings(database_url=shape.format(file), bootstrap_token=TOKEN)
    with running(settings) as started, client(started.url, TOKEN) as api:
        add(api, "aa")
        assert seen_by_another(file) == ["aa"]
        with ThreadPoolExecutor(8) as pool:  # each connection that is opened is prepared
            list(pool.map(lambda _: done(api.get("/customers")), range(40)))
        add(api, "bb")
        assert seen_by_another(file) == ["aa", "bb"]
        add(api, "cc")
        assert seen_by_another(file) == ["aa", "bb", "cc"]
        assert (tmp_path / "kaiten.db-wal").exists()


@pytest.mark.parametrize("way", ["same", "linked", "uri"])
def test_a_second_server_on_a_file_is_refused(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both would deliver the same events, and count in each other's turns.
    monkeypatch.setattr(app, "_HAND_OVER_S", 0)
    file, link = tmp_path / "kaiten.db", tmp_path / "linked.db"
    link.symlink_to(file)
    second = {"same": f"sqlite:///{file}", "linked": f"sqlite:///{link}"}.get(
        way, f"sqlite:///file:{file}?uri=true"
    )
    settings = ServerSettings(database_url=f"sqlite:///{file}", bootstrap_token=TOKEN)
    with running(settings) as started, client(started.url, TOKEN) as api:
        with pytest.raises(ServerStartError, match="another server uses the database") as refused:
            prepare(ServerSettings(database_url=second))
        assert str(tmp_path) in refused.value.message
        assert "PostgreSQL" in str(refused.value.hint)
        add(api, "aa")
    prepare(ServerSettings(database_url=second)).database.close()


def test_a_second_server_says_so_and_ends_with_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_HAND_OVER_S", 0)
    url = f"sqlite:///{tmp_path / 'kaiten.db'}"
    with ServerProcess(url) as first:
        refused = kaiten_sync("serve", "--port", "0", "--database", url)
        assert refused.code == 3
        assert re.search("another server uses the database .*kaiten.db", refused.stderr)
        with client(first.url, first.token) as api:
            add(api, "aa")


def test_a_server_that_stops_hands_its_file_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_HAND_OVER_S", HANG_S)
    settings = ServerSettings(database_url=f"sqlite:///{tmp_path / 'kaiten.db'}")
    with ThreadPoolExecutor(1) as pool:
        with running(settings):
            second = pool.submit(prepare, settings)
            while not second.done() and "for it to stop" not in caplog.text:
                pass
            assert not second.done()
        second.result().database.close()


def test_a_server_that_died_leaves_nothing_to_clean_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kaiten.db'}"
    with ServerProcess(url) as first, client(first.url, first.token) as api:
        add(api, "aa")
        first.kill()
        with (
            ServerProcess(url, token=first.token) as second,
            client(second.url, first.token) as api,
        ):
            assert [each["slug"] for each in done(api.get("/customers")).json()["items"]] == ["aa"]


def test_where_nothing_can_be_locked_the_server_starts_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kaiten.db-server").mkdir()
    settings = ServerSettings(database_url=f"sqlite:///{tmp_path / 'kaiten.db'}")
    with running(settings):
        assert "cannot keep a second server away from" in caplog.text
