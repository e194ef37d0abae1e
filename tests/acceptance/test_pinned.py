"""`--base-url` beside `-t` holds a target to its server, whatever the project file says by now."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from tests.support.scripted import Reply, scripted

from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run

BESIDE = {
    "apply": ["the.plan.json"],
    "export": ["-o", "out"],
    "impact": ["the.plan.json"],
    "migrate": ["growth"],
}
"""What else a command needs."""

EMPTY = Reply(body={"items": [], "hasMore": False})


def commands() -> list[str]:
    """Those that take a target and a server."""
    context = click.Context(root)
    found = {name: root.get_command(context, name) for name in root.list_commands(context)}
    options = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in found.items()
        if command is not None
    }
    return [name for name, known in options.items() if {"--target", "--base-url"} <= known]


@pytest.mark.parametrize("command", commands())
def test_a_target_that_is_somewhere_else_gets_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KAITEN_BASE_URL", raising=False)
    monkeypatch.setenv("PROD_TOKEN", "ksh_a-token-of-production")
    Path("c.yaml").write_text("version: 1\ngroups: {quotas: {name: Quotas}}\n")

    def point_to(url: str) -> None:
        prod = {"url": url, "token": {"env": "PROD_TOKEN"}}
        text = {"version": 1, "catalog": ["c.yaml"], "targets": {"prod": prod}}
        Path("kaiten-sync.yaml").write_text(json.dumps(text))

    with scripted(lambda _: EMPTY) as ours, scripted(lambda _: EMPTY) as theirs:
        point_to(ours.url)
        assert run(["plan", "-t", "prod", "-o", "the.plan.json"]) == 0
        ours.requests.clear()
        point_to(theirs.url)
        capsys.readouterr()
        words = [command, *BESIDE.get(command, ()), "-t", "prod", "--base-url", ours.url]
        assert run(words) == 3
        shown = capsys.readouterr()
        assert "the token of target prod is for" in shown.out + shown.err
        assert ours.requests == theirs.requests == []
