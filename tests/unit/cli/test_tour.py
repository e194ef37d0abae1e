"""The server of the tour: a process that gets nothing of the caller's that could do harm."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from tests.support.command import kaiten_sync_process

from kaiten_sync.cli import tour
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


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("demo",)])
def test_without_its_extra_the_server_says_what_to_install(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('none', name='uvicorn')\n")
    ended = kaiten_sync_process(*command, environment={"PYTHONPATH": str(tmp_path)})
    assert ended.code == 3
    assert ended.stderr == (
        "error: the embedded server is not installed (uvicorn is missing)\n"
        "  help: install it again, from where you got it, with the extra `[server]`\n"
    )


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tour stops after its project: this is about the folder alone."""
    monkeypatch.setattr(tour, "_server", lambda _: nullcontext("http://127.0.0.1:9"))
    monkeypatch.setattr(tour._Tour, "_shows", lambda *_: False)


@pytest.mark.usefixtures("no_server")
@pytest.mark.parametrize("name", ["kept", "not there/kept", "./-x"])
def test_the_project_is_kept_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "--keep", name]) == 1
    assert (tmp_path / name / "kaiten-sync.yaml").exists()


@pytest.mark.usefixtures("no_server")
def test_a_project_that_is_there_is_a_wrong_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kaiten-sync.yaml").write_text("mine", encoding="utf-8")
    assert run(["demo", "--keep", "."]) == 3
    assert (tmp_path / "kaiten-sync.yaml").read_text(encoding="utf-8") == "mine"
