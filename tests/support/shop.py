"""A project folder, a server made from the tables, and the command line in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.toy_server import ToyServer

from kaiten_sync.cli.run import run
from kaiten_sync.kinds.addresses import parse_address


class Shop:
    """The project file goes into the current folder, `URL` in it replaced by the server's."""

    def __init__(
        self, toy: ToyServer, capsys: pytest.CaptureFixture[str], catalog: str, project: str
    ) -> None:
        self.toy = toy
        self._capsys = capsys
        Path("catalog.yaml").write_text(catalog)
        Path("kaiten-sync.yaml").write_text(project.replace("URL", toy.url))

    def run(self, *args: str, code: int = 0) -> str:
        """What a command prints, once it ended with this exit code."""
        ended = run(args)
        shown = self._capsys.readouterr()
        assert ended == code, shown.out + shown.err
        return shown.out + shown.err

    def edit(self, old: str, new: str) -> None:
        """Change the catalog file."""
        text = Path("catalog.yaml").read_text()
        assert old in text
        Path("catalog.yaml").write_text(text.replace(old, new))

    def plan(self, code: int = 0) -> list[str]:
        """The ids of a fresh plan's changes, written and read back."""
        self.run("plan", "-t", "local", "-o", "local.plan.json", code=code)
        return [change["id"] for change in self.changes()]

    def changes(self) -> list[dict[str, Any]]:
        """The changes of the plan file."""
        changes: list[dict[str, Any]] = json.loads(Path("local.plan.json").read_text())["changes"]
        return changes

    def apply(self) -> None:
        """Apply the plan file."""
        self.run("apply", "local.plan.json")

    def live(self, address: str) -> dict[str, Any]:
        """An object as the server shows it."""
        return self.toy.objects[parse_address(address)]
