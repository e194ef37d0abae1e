"""Linters of the development tools, which must find nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.processes import HANG_S


def lint(folder: Path, program: str, *options: str) -> None:
    """Run a linter of the development tools; it finds nothing."""
    tools = Path(sys.executable).parent
    path = os.pathsep.join([str(tools), os.environ["PATH"]])  # actionlint finds shellcheck there
    done = subprocess.run(
        [tools / program, *options],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=False,
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
