"""The wheel works outside the checkout: built, installed into an empty environment, run."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from tests.support.processes import HANG_S
from tests.support.wheels import WHEELHOUSE, built_wheel


def run(*command: object, cwd: Path | None = None) -> str:
    """Run a command with nothing of this checkout in its environment."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KAITEN", "PYTHON", "PIP"))}
    finished = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=kept,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment that holds the wheel and nothing of ours else."""
    environment = tmp_path_factory.mktemp("venv")
    wheel = built_wheel(tmp_path_factory.mktemp("dist"))
    venv.create(environment)
    python = environment / "bin" / "python"
    offline = ("--no-index", "--find-links", WHEELHOUSE, "--disable-pip-version-check", "--quiet")
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--no-compile", *offline, f"{wheel}[server]")
    return environment / "bin"


def test_validates(installed: Path, tmp_path: Path) -> None:
    run(installed / "kaiten-sync", "init", ".", cwd=tmp_path)
    assert "nothing wrong" in run(installed / "kaiten-sync", "validate", cwd=tmp_path)


def test_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    printed = run(installed / "kaiten-sync", "demo", cwd=tmp_path)
    assert "That was the main workflow" in printed
