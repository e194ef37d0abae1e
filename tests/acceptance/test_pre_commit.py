"""The pre-commit hook: what the manifest says, run by pre-commit in a repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pre_commit.clientlib import load_manifest  # type: ignore[import-untyped]  # has no types
from tests.support.command import kaiten_sync
from tests.support.forge.jobs import Repository
from tests.support.processes import HANG_S

MANIFEST = Path(".pre-commit-hooks.yaml").resolve()


@pytest.fixture
def hook() -> dict[str, Any]:
    (found,) = load_manifest(MANIFEST)
    return dict(found)


@pytest.fixture
def repository(tmp_path: Path, hook: dict[str, Any]) -> Repository:
    """A project with the hook. It is installed already: pre-commit would fetch it from git."""
    made = Repository(tmp_path / "repository")
    assert kaiten_sync("init", ".", cwd=made.folder).code == 0
    local = {key: hook[key] for key in ("id", "name", "entry", "types", "pass_filenames")}
    config = {"repos": [{"repo": "local", "hooks": [{**local, "language": "system"}]}]}
    (made.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    made.git("add", "--all")
    return made


def run(repository: Repository) -> subprocess.CompletedProcess[str]:
    programs = Path(sys.executable).parent
    return subprocess.run(
        [programs / "pre-commit", "run"],
        cwd=repository.folder,
        env={
            "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
            "HOME": str(repository.folder.parent),
        },
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


def test_a_sound_catalog_passes(repository: Repository) -> None:
    done = run(repository)
    assert (done.returncode, "Passed" in done.stdout) == (0, True), done.stdout


def test_a_wrong_one_stops_the_commit_and_says_where(repository: Repository) -> None:
    path = repository.folder / "catalog/licenses.yaml"
    text = path.read_text(encoding="utf-8").replace("name: Growth", "nane: Growth")
    path.write_text(text, encoding="utf-8")
    repository.git("add", "--all")
    done = run(repository)
    assert done.returncode == 1
    assert "catalog/licenses.yaml:" in done.stdout
    assert "did you mean 'name'?" in done.stdout


def test_a_commit_without_yaml_is_not_held_up(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--message", "Start", "--no-verify")
    (repository.folder / "notes.txt").write_text("Nothing to check.\n", encoding="utf-8")
    repository.git("add", "--all")
    assert "Skipped" in run(repository).stdout


def test_the_hook_is_installed_from_this_repository(hook: dict[str, Any]) -> None:
    program, command = hook["entry"].split()
    assert (program, command) == ("kaiten-sync", "validate")
    assert hook["language"] == "python"
