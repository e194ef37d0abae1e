"""The command line as a process, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import HANG_S


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


def kaiten_sync(
    *args: str,
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout_s: float = HANG_S,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run `kaiten-sync` with a clean environment and no terminal."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KAITEN")}
    finished = subprocess.run(
        [sys.executable, "-m", "kaiten_sync", *args],
        cwd=cwd,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env={**kept, **(environment or {})},
        check=False,
    )
    assert "Traceback" not in finished.stderr, finished.stderr
    return Ended(finished.returncode, finished.stdout, finished.stderr)
