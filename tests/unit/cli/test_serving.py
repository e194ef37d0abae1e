"""What `serve` says once it listens, and how to get in again without a token."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.support.processes import HANG_S, started

from kaiten_sync.cli.run import run
from kaiten_sync.cli.serving import about_server
from kaiten_sync.server.db import open_engine

SECRET = "s3cret-word"


def served(folder: Path, *options: str) -> tuple[str, str]:
    """Start the server, take the token that it shows through the API, stop it."""
    command = [sys.executable, "-m", "kaiten_sync", "serve", "--port", "0", *options]
    database = ("--database", f"sqlite:///{folder / 'kaiten.db'}")
    with started([*command, *database], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = ""
        while "listening on" not in said:
            said += process.stdout.readline()
        url = said.rpartition("listening on ")[2].strip()
        found = re.search(r"shown only once\): (ksh_\S+)", said)
        token = found[1] if found else ""
        if token:
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.get(f"{url}/api/service-accounts", headers=headers).status_code == 200
        process.terminate()
        _, log = process.communicate(timeout=HANG_S)
        assert process.returncode == 0
    assert f"dashboard:  {url}/\n" in log
    assert f"database:   sqlite:///{folder / 'kaiten.db'}\n" in log
    return token, log


def test_a_lost_token_is_replaced_by_another_one(tmp_path: Path) -> None:
    first, _ = served(tmp_path)
    again, _ = served(tmp_path)
    other, log = served(tmp_path, "--new-token")
    assert (bool(first), again, bool(other), first != other) == (True, "", True, True)
    assert other not in log


@pytest.mark.parametrize("port", [6000, 6566, 6667, 10080])
def test_a_port_that_browsers_refuse_is_not_offered_to_them(port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    said = "\n".join(about_server(url, "sqlite:///kaiten.db"))
    assert f"browsers refuse port {port}" in said
    assert f"dashboard:  {url}" not in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql://ada:{SECRET}@db.example.com/kaiten", "postgresql://ada:***@db.example.com"),
        (f"postgresql://db.example.com/kaiten?password={SECRET}", "postgresql://db.example.com"),
        ("sqlite://", "sqlite://"),
    ],
)
def test_a_database_is_shown_without_its_password(url: str, shown: str) -> None:
    database = open_engine(url)
    assert database.shown.startswith(shown)
    assert SECRET not in database.shown
    database.close()


def test_refused_workers_leave_no_file(tmp_path: Path) -> None:
    """What the default database is in is made only for a server that starts."""
    command = [sys.executable, "-m", "kaiten_sync", "serve", "--port", "0", "--workers", "2"]
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(
        command, env=os.environ | home, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "only PostgreSQL can be shared" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_the_project_does_not_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    project = tmp_path / "kaiten-sync.yaml"
    project.write_text("version: 1\ncatalog: [c/]\ntargets: {here: {url: http://127.0.0.1:1}}\n")
    assert run(["serve", "--port", "0", "--project", str(project), "-t", "other"]) == 3
    assert "there is no target 'other'; the project file has: here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [project]
