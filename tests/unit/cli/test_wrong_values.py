"""A wrong value of any option is one sentence that names it, with the next step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kaiten_sync.cli.exit_codes import ExitCode
from kaiten_sync.cli.options import OutputPath
from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run

BESIDE = {
    "compare": ["a", "b"],
    "freeze": ["growth"],
    "impact": ["p.json"],
    "migrate": ["growth"],
    "rules test": ["cases.yaml"],
    "serve": ["--workers", "0"],
    "show": ["p.json"],
}
"""What else a command needs."""

WRONG = {
    "--allow": ["growth", "license/"],
    "--auth-token": [" ", "\n", "ksh_a\n", "ksh_a b", '"ksh_a"', "ksh_\u00e4", "ksh_", "other"],
    "--max-deletes": ["x", "101%", "-1", "1.5%", "%", "030"],
    "--max-moves": ["x", "-1"],
    "--max-updates": ["x", "-1"],
    "--skip": ["growth", "license/growth"],
    "--trust-proxy": ["x", "300.0.0.0/8"],
    "--wave": ["x", "0", "-1", "0%"],
}
"""Wrong values of options whose type is text to click."""


def cases() -> Iterator[tuple[str, click.Option, str]]:
    """Command, option, and a value that it does not take; the empty one is never taken."""
    context = click.Context(root)
    commands = [(name, root.get_command(context, name)) for name in root.list_commands(context)]
    while commands:
        name, command = commands.pop(0)
        assert command is not None
        if isinstance(command, click.Group):
            commands += [(f"{name} {e}", each) for e, each in command.commands.items()]
        for each in command.params:
            if not isinstance(each, click.Option) or each.is_flag:
                continue
            wrong = ["", *WRONG.get(long_name(each), [])]
            if long_name(each) == "--out" or isinstance(each.type, OutputPath):
                wrong.append("-")
            if isinstance(each.type, click.Choice):
                wrong.append("x")
            elif isinstance(each.type, click.types.IntParamType):
                wrong += ["x", "-1", "1.5", "9" * 30]
            yield from ((name, each, value) for value in wrong)


def long_name(option: click.Option) -> str:
    return next(each for each in option.opts if each.startswith("--"))


CASES = list(cases())


@pytest.mark.parametrize(
    ("command", "option", "value"),
    CASES,
    ids=[f"{command} {long_name(option)} {value!r}" for command, option, value in CASES],
)
def test_a_wrong_value_is_said_with_the_next_step(
    command: str,
    option: click.Option,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAITEN_BASE_URL", "http://127.0.0.1:1")
    given = [*command.split(), long_name(option), value, *BESIDE.get(command, [])]
    assert run(given) == ExitCode.WRONG_INPUT
    said = capsys.readouterr()
    assert said.out == ""
    assert len(re.findall("^error: ", said.err, re.MULTILINE)) == 1, said.err
    assert long_name(option) in said.err
    assert (
        long_name(option) != "--auth-token"
        or value in ("", " ", "\n", "ksh_")
        or (value not in said.err)
    )
    assert "\n  help: " in said.err, said.err
    assert list(tmp_path.iterdir()) == []


CHOICES = {
    (c, long_name(o)): o.type.choices for c, o, _ in CASES if isinstance(o.type, click.Choice)
}


@pytest.mark.parametrize(("command", "option"), CHOICES)
def test_a_mistyped_choice_is_answered_with_the_one_that_was_meant(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for choice in CHOICES[command, option]:
        mistyped = choice.upper() if len(choice) < 4 else choice[0] + choice[2:]
        assert run([*command.split(), option, mistyped]) == ExitCode.WRONG_INPUT
        assert f"Did you mean '{choice}'?\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["catlog", "Catalog", "catalogs"])
def test_a_mistyped_schema_is_answered_with_the_one_that_was_meant(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["schema", name]) == ExitCode.WRONG_INPUT
    assert "help: did you mean 'catalog'?\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        "plan --connections x --format json",
        "plan --format json --max-deletes x",
        "plan --frobnicate --format json",
        "drift --format json -t",
        "show --format json",
        "migrate growth --wave 0 --format json",
    ],
)
def test_the_next_step_is_in_json_too(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == ExitCode.WRONG_INPUT
    said = capsys.readouterr()
    error = json.loads(said.out)["error"]
    assert error["hint"]
    assert f"  help: {error['hint']}\n" in said.err


def test_a_plan_of_the_catalog_takes_no_holder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--allow", "instance/acme"]) == ExitCode.WRONG_INPUT
    assert "only `kaiten-sync migrate` takes their addresses" in capsys.readouterr().err
