"""The command line as a user runs it: in this process, or in one of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.support.processes import HANG_S

from kaiten_sync.cli.run import run


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
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run `kaiten-sync` in this process, with a clean environment and no terminal.

    It takes a tenth of the time of `kaiten_sync_process`, which a test needs only if it is about
    what the interpreter does: its start, its environment, its signals.
    """
    for name in environment or {}:
        assert not name.startswith("PYTHON"), "only an interpreter that starts reads it"
    stdout, stderr = _stream(), _stream()
    with (
        patch.dict(os.environ, _environment(environment), clear=True),
        patch.object(sys, "stdin", _stream(stdin or "")),
        contextlib.chdir(cwd or "."),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        code = run(args)
    return _ended(int(code), _written(stdout), _written(stderr))


def kaiten_sync_process(
    *args: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Ended:
    """Run `kaiten-sync` as a process, with a clean environment and no terminal."""
    finished = subprocess.run(
        [sys.executable, "-m", "kaiten_sync", *args],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        env=_environment(environment),
        check=False,
    )
    return _ended(finished.returncode, finished.stdout, finished.stderr)


def _ended(code: int, stdout: str, stderr: str) -> Ended:
    assert "Traceback" not in stderr, stderr
    return Ended(code, stdout, stderr)


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("KAITEN")}
    return {**kept, **(more or {})}


def _stream(text: str = "") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    written = stream.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue().decode()
