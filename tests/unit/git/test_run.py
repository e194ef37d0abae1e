"""What git is told by the environment of whoever runs a command, and what it is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kaiten_sync.git.run import GitError, git_in
from kaiten_sync.git.show import file_at

SAFE = "safe.directory"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith(("GIT_", "SUDO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git("init", "-q", cwd=tmp_path)
    return tmp_path


def git(*args: str, cwd: Path, **environment: str) -> str:
    by = {
        f"GIT_{role}_{what}": "a@b"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return subprocess.run(
        ["git", *args],
        cwd=cwd,
        env={**os.environ, **by, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("converts", [False, True])
@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param(
            {"COUNT": "1", "KEY_0": SAFE, "VALUE_0": "/a"}, ["/a"], id="one, as images set it"
        ),
        pytest.param(
            {
                "COUNT": "3",
                "KEY_0": "http.extraHeader",
                "VALUE_0": "Authorization: Basic secret",
                "KEY_1": SAFE,
                "VALUE_1": "/with\nline",
                "KEY_2": "Safe.Directory",
                "VALUE_2": "*",
            },
            ["/with\nline", "*"],
            id="several among others",
        ),
        pytest.param(
            {"PARAMETERS": "'safe.directory=/a' 'core.pager=x'"}, ["/a"], id="`git -c` of a hook"
        ),
    ],
)
def test_folders_that_the_environment_names_as_safe_are_safe(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    expected: list[str],
    converts: bool,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    git("config", "filter.x.clean", "false", cwd=folder)
    asked = git_in(folder, converts=converts)
    found = asked("config", "--null", "--get-all", SAFE).decode().split("\0")[:-1]
    assert found == expected
    assert "secret" not in str(asked.environment)
    assert asked("config", "core.fsmonitor") == b"false\n"
    assert asked("config", "--default", "", "core.pager") == b"\n"


@pytest.mark.parametrize(
    "variables",
    [
        {"COUNT": "1", "KEY_0": "user.name", "VALUE_0": "Ada"},
        {"COUNT": "many"},
        {"COUNT": "1"},
        {"PARAMETERS": "unquoted"},
    ],
)
def test_settings_that_name_no_folder_are_as_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    git("config", SAFE, "*", cwd=folder)  # which git takes from no repository
    plain = git_in(folder).environment
    for name, value in variables.items():
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    assert git_in(folder).environment == plain


def test_git_knows_who_called_sudo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for project files: what belongs to this user is the caller's own."""
    monkeypatch.setenv("SUDO_UID", "1234")
    assert git_in(folder).environment["SUDO_UID"] == "1234"


def test_git_finds_what_a_push_brings_before_it_is_accepted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook of the server, where git keeps it apart. Source: git-receive-pack(1)."""
    (folder / "catalog.yaml").write_text("version: 1\n", encoding="utf-8")
    objects = folder / ".git/objects"
    apart = {
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "incoming"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
    }
    git("add", ".", cwd=folder)
    git("commit", "-qm", "Before", cwd=folder)
    Path(apart["GIT_OBJECT_DIRECTORY"]).mkdir()
    git("commit", "-qm", "Pushed", "--allow-empty", cwd=folder, **apart)
    with pytest.raises(GitError):
        git_in(folder)("log")
    for name, value in apart.items():
        monkeypatch.setenv(name, value)
    assert file_at("HEAD:./catalog.yaml", folder) == b"version: 1\n"
    assert git_in(folder)("log", "--format=%s") == b"Pushed\nBefore\n"
