"""The server of the tour: a process that gets nothing of the caller's that could do harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from kaiten_sync.cli.run import run


def test_the_server_sees_no_secret_and_runs_nothing_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, folder, packages = tmp_path / "found", tmp_path / "folder", tmp_path / "packages"
    folder.mkdir()
    packages.mkdir()
    (folder / "click.py").write_text(f"open({str(found)!r}, 'a').write('of the folder')\n")
    # In place of the server's library, so that it says what it sees, and does not start.
    (packages / "uvicorn.py").write_text(
        f"import os; open({str(found)!r}, 'a').write(repr(dict(os.environ))); raise ImportError\n"
    )
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("KAITEN_PROD_TOKEN", "ksh_of-production")
    monkeypatch.setenv("KAITEN_DATABASE_URL", "postgresql://somebody:password@db.example")
    assert run(["demo"]) == 1
    seen = found.read_text()
    assert "PYTHONPATH" in seen
    for secret in ("of the folder", "ksh_of-production", "password"):
        assert secret not in seen
