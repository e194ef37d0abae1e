"""Every option and argument of each command that names a file: what is not one is refused.

So is a file that is larger than any of ours: it is neither read nor replaced.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.support.scripted import Reply, Request, scripted

from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run

PLACES = ("FILE", "PATH", "DIR", "PLAN")
"""Words of usage for what is a file or a folder."""

TAKES_FOLDERS = ("PATH", "DIR")
ODD = ("pipe", "socket", "folder", "/dev/zero", "/dev/full", "large.yaml")
LARGE_BYTES = 10 * 1024**3

BESIDE: dict[str, list[str]] = {
    "adopt": ["-t", "local"],
    "apply --after-receipt": ["-t", "prod", "--yes"],
    "apply --catalog": ["p.json"],
    "apply --previous": ["p.json", "--catalog", "c.yaml"],
    "apply": ["-t", "local", "--yes"],
    "apply [PLAN]": [],
    "compare": ["local", "prod"],
    "drift --out": ["-t", "local", "--revert"],
    "drift": ["-t", "local"],
    "export --out": ["-t", "local"],
    "export --project": ["-t", "local", "-o", "live"],
    "freeze": ["growth"],
    "impact": ["p.json"],
    "impact PLAN": [],
    "migrate": ["growth"],
    "plan --fresh": ["-t", "local", "-o", "p.json", "--check"],
    "plan": ["-t", "local"],
    "show --project": ["p.json", "--approval"],
    "table [PLAN]": [],
    "table --file": [],
    "table": ["-t", "local"],
}
"""What else a command needs, by its name, or by its name and the option."""


def places() -> Iterator[tuple[str, str, str]]:
    """Command, option or argument, and what is not a file for it."""
    context = click.Context(root)
    for known in root.list_commands(context):
        command = root.get_command(context, known)
        assert command is not None
        for parameter in command.params:
            word = parameter.make_metavar(click.Context(command))
            if word.strip("[].") not in PLACES:
                continue
            is_option = isinstance(parameter, click.Option)
            name = max(parameter.opts, key=len) if is_option else word
            for odd in ODD:
                if odd != "folder" or word.strip("[].") not in TAKES_FOLDERS:
                    yield str(command.name), name, odd


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Request]]:
    """A project with a plan file, and what its server is asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KAITEN_BASE_URL", raising=False)
    empty = Reply(body={"items": [], "hasMore": False})
    with scripted(lambda _: empty) as server:
        targets = {"local": {"url": server.url}, "prod": {"url": server.url, "after": ["local"]}}
        settings = {"version": 1, "catalog": ["c.yaml"], "targets": targets}
        Path("kaiten-sync.yaml").write_text(json.dumps(settings))
        Path("c.yaml").write_text(
            "version: 1\nlicenses: {growth: {name: Growth, type: PAID, entitlements: {}}}\n"
        )
        assert run(["plan", "-t", "local", "-o", "p.json"]) == 0
        server.requests.clear()
        yield server.requests


@pytest.fixture(autouse=True)
def odd_files(project: list[Request], tmp_path: Path) -> Iterator[None]:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "large.yaml").touch()
    os.truncate("large.yaml", LARGE_BYTES)  # with nothing in it, it takes no room
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")  # from this folder: the name of a socket is short
        yield


@pytest.mark.parametrize(("command", "option", "odd"), list(places()))
def test_what_is_not_a_file_is_refused(
    project: list[Request],
    command: str,
    option: str,
    odd: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    beside = BESIDE.get(f"{command} {option}", BESIDE.get(command, []))
    named = [option, odd] if option.startswith("-") else [odd]
    assert run([command, *beside, *named]) == 3
    shown = capsys.readouterr()
    assert Path(odd).name in shown.out + shown.err
    assert "this is a bug" not in shown.err
    assert "  help: " in shown.out + shown.err
    assert project == []
    assert Path("large.yaml").stat().st_size == LARGE_BYTES
