"""Other programs that open the SQLite file of a running server: nothing may be lost by it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.support.metering import client, done
from tests.support.processes import HANG_S

from kaiten_sync.server.app import ServerSettings, running

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
