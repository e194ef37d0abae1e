"""The wheel of this checkout, and the wheels that it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.processes import HANG_S

WHEELHOUSE = Path("build/wheelhouse").resolve()
NEWEST_WHEELHOUSE = Path("build/wheelhouse-newest").resolve()
"""Wheels for the newest Python of the machine, which is in `.python`."""


def newest_python() -> Path | None:
    """The newest Python of the machine beside ours; None without one."""
    path = NEWEST_WHEELHOUSE / ".python"
    return Path(path.read_text(encoding="utf-8").strip()) if path.is_file() else None


def built_wheel(folder: Path) -> Path:
    """Build the wheel into a folder."""
    if not WHEELHOUSE.is_dir():
        pytest.fail("no build/wheelhouse: run the tests through `make test`")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        ".",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel
