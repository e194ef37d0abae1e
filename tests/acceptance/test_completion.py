"""A shell that asks for words gets commands, options, targets and addresses, and no error."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.command import kaiten_sync

PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  staging: {url: http://127.0.0.1:1}
  prod: {url: http://127.0.0.1:2}
"""
CATALOG = """\
version: 1
entitlements: {seats: {name: Seats, type: NUMBER}}
licenses: {growth: {name: Growth, type: PAID, entitlements: {seats: 5}}}
families: {starter: {name: Starter, type: PAID, entitlements: {seats: 1}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kaiten-sync.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    return tmp_path


def words(folder: Path, line: str) -> set[str]:
    """What bash would offer for the last word of a line."""
    asked = {
        "_KAITEN_SYNC_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = kaiten_sync(cwd=folder, environment=asked)
    assert (done.code, done.stderr) == (0, "")
    return {each.partition(",")[2] for each in done.stdout.split()}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("kaiten-sync pl", {"plan"}),
        ("kaiten-sync plan --max-d", {"--max-deletes"}),
        ("kaiten-sync plan -t ", {"staging", "prod"}),
        ("kaiten-sync compare st", {"staging"}),
        ("kaiten-sync plan --format m", {"markdown"}),
        ("kaiten-sync drift license/", {"license/growth", "license/growth/grant/seats"}),
        ("kaiten-sync plan --allow ent", {"entitlement/seats"}),
        ("kaiten-sync migrate ", {"growth", "starter"}),
    ],
)
def test_words_are_offered(project: Path, line: str, offered: set[str]) -> None:
    assert words(project, line) == offered


def test_an_unknown_command_is_no_error_to_a_shell(project: Path) -> None:
    assert "plan" in words(project, "kaiten-sync nonsense ")


def test_nothing_is_offered_where_nothing_can_be_read(tmp_path: Path, project: Path) -> None:
    (project / "kaiten-sync.yaml").write_text("version: [")
    assert words(project, "kaiten-sync plan -t ") == set()
    assert words(project, "kaiten-sync drift lic") == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(tmp_path: Path, shell: str) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("install bash to test its completion")
    done = kaiten_sync(cwd=tmp_path, environment={"_KAITEN_SYNC_COMPLETE": f"{shell}_source"})
    assert done.code == 0
    assert "_KAITEN_SYNC_COMPLETE=" in done.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)
