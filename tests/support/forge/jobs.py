"""What both forges have: a repository, a place for each job, stubs for their API, results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.processes import HANG_S
from tests.support.ready import ready_command, ready_programs

_STUBS = ("gh", "curl")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

STRANGERS_WORDS = "<!-- kaiten-sync comment prod -->\nI look like the comment of the job"
"""Anybody can write the marker; what they wrote must stay as it is."""

_AT_FIRST: dict[str, list[Any]] = {
    "comments": [
        {"id": 1, "user": {"login": "mallory"}, "author": {"id": 5}, "body": STRANGERS_WORDS}
    ],
    "issues": [{"id": 1, "number": 1, "user": {"login": "mallory"}, "state": "open", "body": None}],
    "calls": [],
    "commits": [],
}

_WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


@dataclass
class Job:
    """How one job ended. `environments` are those of its shell steps, to look for tokens."""

    name: str
    stage: str = ""
    id: str = ""
    is_ok: bool = True
    log: str = ""
    artifacts: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    environments: list[dict[str, str]] = field(default_factory=list)
    environment: str = ""
    outputs: dict[str, str] = field(default_factory=dict)


class Repository:
    """A git repository with a branch `main`; the working copy is the team's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--initial-branch", "main")

    def git(self, *args: str) -> str:
        return _git(self.folder, *_WHO, *args)

    def git_code(self, *args: str) -> int:
        """How a git command ends that may fail, such as a merge."""
        command = ["git", *_WHO, *args]
        done = subprocess.run(
            command, cwd=self.folder, check=False, capture_output=True, timeout=HANG_S
        )
        return done.returncode

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--message", message)

    def checkout(
        self, folder: Path, ref: str, merged: str | None = None, *, depth: int = 0
    ) -> Path:
        """A fresh clone at a branch, with another merged into it if one is named.

        With a depth it has only so many of the newest commits.
        """
        whole = folder.with_suffix(".whole") if depth else folder
        _git(self.folder, "clone", "--quiet", "--branch", ref, str(self.folder), str(whole))
        if merged is not None:
            who = ("-c", "user.name=Forge", "-c", "user.email=forge@example.com")
            _git(whole, *who, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{merged}")
        if depth:
            shallow = ("--depth", str(depth), "--branch", ref)
            _git(self.folder, "clone", "--quiet", *shallow, whole.as_uri(), str(folder))
        return folder


class Workshop:
    """Runs the scripts of jobs, with nothing of this machine's environment but its programs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._bin = folder / "bin"
        self._bin.mkdir(parents=True)
        self._state = folder / "forge.json"
        self._state.write_text(json.dumps(_AT_FIRST), encoding="utf-8")
        for name in _STUBS:
            self._stub(name, f'{ready_command(f"tests.support.forge.{name}")} "$@"')
        # What is tested is installed already; tests/acceptance/test_install.py runs the real pip.
        asked = "install --no-deps --require-hashes --requirement kaiten-sync.lock"
        self._stub("pip", f'test "$*" = "{asked}"')

    @property
    def comments(self) -> list[str]:
        """What the jobs have written below the pull request, and nobody else."""
        first, *others = self._read()["comments"]
        assert first["body"] == STRANGERS_WORDS
        return [each["body"] for each in others]

    @property
    def issues(self) -> list[dict[str, Any]]:
        """The issues that the jobs have made."""
        first, *others = self._read()["issues"]
        assert first["body"] is None
        return list(others)

    @property
    def commits(self) -> list[dict[str, str]]:
        """What the jobs have committed: branch, path and content."""
        return list(self._read()["commits"])

    @property
    def calls(self) -> list[str]:
        """Method and path of every call of the API."""
        return list(self._read()["calls"])

    def place(self) -> Path:
        """A path for one job, where nothing is yet."""
        self._count += 1
        return self._folder / f"job-{self._count}"

    def run(self, script: str, folder: Path, environment: Mapping[str, str], job: Job) -> int:
        """Run a script as the forges do, and keep what it says and what it could see."""
        path = (self._bin, ready_programs(), Path(sys.executable).parent, _SYSTEM_PATH)
        full = {
            "PATH": os.pathsep.join(map(str, path)),
            "HOME": str(folder.parent),
            "LANG": "C.UTF-8",
            "CI": "true",
            "FORGE_STATE": str(self._state),
            **environment,
        }
        ended = subprocess.run(
            ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=full,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        job.log += ended.stdout
        job.environments.append(full)
        return ended.returncode

    def _stub(self, name: str, command: str) -> None:
        stub = self._bin / name
        stub.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        stub.chmod(0o755)

    def _read(self) -> Any:
        return json.loads(self._state.read_text(encoding="utf-8"))


def _git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", *args], cwd=folder, check=True, capture_output=True, text=True, timeout=HANG_S
    )
    return done.stdout
