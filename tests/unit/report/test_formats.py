"""Formats are chosen by name, from one mapping per document."""

from __future__ import annotations

import click
import pytest

from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run
from kaiten_sync.report import formats

COMMANDS = {
    "plan": formats.PROPOSAL,
    "table": formats.TABLE,
    "show": formats.PLAN,
    "impact": formats.IMPACT,
    "migrate": formats.PROPOSAL,
    "drift": formats.DRIFT,
    "compare": formats.COMPARE,
    "doctor": formats.DOCTOR,
    "apply": formats.APPLY,
    "validate": formats.DIAGNOSTICS,
}


def test_these_are_all_commands_with_a_format() -> None:
    context = click.Context(root)
    commands = {name: root.get_command(context, name) for name in root.list_commands(context)}
    with_format = {
        name
        for name, command in commands.items()
        if command and any("--format" in option.opts for option in command.params)
    }
    assert with_format == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_choices_of_a_command_are_the_formats_of_its_document(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    (option,) = (each for each in command.params if "--format" in each.opts)
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == tuple(COMMANDS[name])
    assert option.default in COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_format_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--format", "yaml"]) == 3
    assert "'yaml' is not one of 'text', 'json'" in capsys.readouterr().err
