"""A next step names options that the command has."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run

LINES = (
    "adopt",
    "adopt -t bare",
    "adopt --into-overlay -t bare --project project.yaml",
    "apply",
    "apply nothing.json",
    "compare a b",
    "doctor",
    "drift",
    "drift --all",
    "export -o x",
    "export --overlay-of bare --project project.yaml",
    "export",
    "freeze growth",
    "impact nothing.json",
    "migrate growth",
    "plan",
    "plan --base-url http://127.0.0.1:1",
    "plan -f link.yaml --base-url http://127.0.0.1:1",
    "rules test nothing.yaml",
    "serve -t here --port 0",
    "show nothing.json --approval",
    "table",
    "table -f link.yaml",
    "validate",
    "validate link.yaml",
)
"""Command lines of people who are at the beginning, where there is no project or no overlay."""

PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets: {bare: {url: "http://127.0.0.1:1"}}
"""


def options_of(line: str) -> set[str]:
    """The options of the command of a line."""
    command: click.Command = root
    for word in line.split():
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word) or command
    context = click.Context(command)
    return {name for each in command.get_params(context) for name in each.opts}


@pytest.mark.parametrize("line", LINES)
def test_a_next_step_names_options_that_the_command_has(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("KAITEN_BASE_URL", "KAITEN_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()
    (tmp_path / "project.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text("version: 1\ngroups: {quotas: {name: Quotas}}\n")
    (tmp_path / "link.yaml").symlink_to("/etc/hostname")
    assert run(line.split()) == ExitCode.WRONG_INPUT
    said = capsys.readouterr()
    (advice,) = re.findall(r"^  help: (.*)$", said.out + said.err, re.MULTILINE)
    own = re.sub("`[^`]*`", "", advice)  # what is in backticks is another command
    advised = re.findall(r"(?<![\w/-])--?[a-z][a-z-]*", own)
    assert set(advised) <= options_of(line), advice
