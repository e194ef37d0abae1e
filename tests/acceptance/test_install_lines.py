"""Every line of the docs that installs with pipx or uv, as it is, from local wheels."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.processes import HANG_S
from tests.support.wheels import WHEELHOUSE, built_wheel

CHECKOUT = Path.cwd()
PAGES = [Path("README.md"), *sorted(Path("docs").rglob("*.md"))]
LINES = sorted(
    {
        line
        for page in PAGES
        for line in re.findall(
            r"^    ((?:pipx|uv tool) install .+)$", page.read_text(encoding="utf-8"), re.M
        )
    }
)


OF_EXTRA = {"rules": "cel_expr_python", "server": "sqlalchemy"}
"""A package of each extra."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a release has."""
    folder = tmp_path_factory.mktemp("release")
    built_wheel(folder)
    return folder


def run(command: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Type a line where somebody has a home with nothing in it, and no network."""
    path = os.pathsep.join([str(home / ".local/bin"), str(Path(sys.executable).parent)])
    python = os.path.realpath(sys.executable)
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join([path, "/usr/bin", "/bin"]),
            "PIPX_DEFAULT_BACKEND": "uv",
            "PIPX_DEFAULT_PYTHON": python,
            "UV_FIND_LINKS": str(WHEELHOUSE),
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_PYTHON": python,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


@pytest.mark.parametrize("line", LINES)
def test_it_installs_the_program_with_its_extras(line: str, release: Path, tmp_path: Path) -> None:
    done = run(line, release if ".whl" in line else CHECKOUT, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = run("kaiten-sync --version", tmp_path, tmp_path)
    assert (answer.returncode, (tmp_path / ".local/bin/kaiten-sync").exists()) == (0, True)
    extras = re.findall(r"\w+", re.findall(r"\[(.+)\]", line)[0])
    for extra in extras:
        assert list(tmp_path.rglob(f"site-packages/{OF_EXTRA[extra]}")), f"{extra} is missing"


def test_there_are_lines_of_both_tools() -> None:
    assert {line.split()[0] for line in LINES} == {"pipx", "uv"}
