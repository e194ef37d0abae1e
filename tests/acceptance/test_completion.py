"""A shell that asks for words gets commands, options, targets and addresses, and no error."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from tests.support.command import kaiten_sync

from kaiten_sync.cli.root import root

PROJECT = """\
version: 1
catalog: [catalog.yaml]
targets:
  staging: {url: http://127.0.0.1:1}
  prod: {url: http://127.0.0.1:2}
"""
CATALOG = """\
version: 1
entitlements: {seats: {name: Seats, type: NUMBER}}
licenses: {growth: {name: Growth, type: PAID, entitlements: {seats: 5}}}
families: {starter: {name: Starter, type: PAID, entitlements: {seats: 1}}}
"""


def parameters() -> Iterator[tuple[click.Command, click.Parameter]]:
    """Each option and argument of each command."""
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        below = command.commands.values() if isinstance(command, click.Group) else [command]
        for each in below:
            yield from ((each, parameter) for parameter in each.params)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kaiten-sync.yaml").write_text(PROJECT)
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    return tmp_path


def words(folder: Path, line: str, shell: str = "bash") -> set[str]:
    """What a shell would offer for the last word of a line."""
    typed = line.rpartition(" ")[2]
    if shell == "bash":
        line = line.replace("=", " = ").replace("=  ", "= ")
    asked = {
        "_KAITEN_SYNC_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": typed if shell == "fish" else str(len(line.split(" ")) - 1),
    }
    done = kaiten_sync(cwd=folder, environment=asked)
    assert (done.code, done.stderr) == (0, "")
    if shell == "zsh":
        return set(done.stdout.splitlines()[1::3])
    return {each.partition(",")[2] for each in done.stdout.split()}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("kaiten-sync pl", {"plan"}),
        ("kaiten-sync plan --max-d", {"--max-deletes"}),
        ("kaiten-sync plan -t ", {"staging", "prod"}),
        ("kaiten-sync compare st", {"staging"}),
        ("kaiten-sync plan --format m", {"markdown"}),
        ("kaiten-sync drift license/", {"license/growth", "license/growth/grant/seats"}),
        ("kaiten-sync plan --allow ent", {"entitlement/seats"}),
        ("kaiten-sync migrate ", {"growth", "starter"}),
        ("kaiten-sync freeze ", {"growth"}),
        ("kaiten-sync serve -t p", {"prod"}),
        ("kaiten-sync export --overlay-of s", {"staging"}),
        ("kaiten-sync schema pla", {"plan"}),
    ],
)
def test_words_are_offered(project: Path, line: str, offered: set[str]) -> None:
    assert words(project, line) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("option", "typed", "values"),
    [
        ("--target", "", {"staging", "prod"}),
        ("--target", "pr", {"prod"}),
        ("--project=kaiten-sync.yaml --target", "pr", {"prod"}),
        ("--format", "m", {"markdown"}),
        ("--previous", "", {"kaiten-sync.yaml", "catalog.yaml", "plans/"}),
        ("--previous", "plans/p", {"plans/prod.plan.json"}),
        ("--previous", "plans/none/", set()),
    ],
)
def test_a_value_after_an_equals_sign_is_completed(
    project: Path, shell: str, option: str, typed: str, values: set[str]
) -> None:
    (project / "plans").mkdir()
    (project / "plans/prod.plan.json").touch()
    offered = words(project, f"kaiten-sync plan {option}={typed}", shell)
    if shell == "bash" and option == "--previous":
        assert offered == {typed}  # bash itself looks for files
    else:
        name = "" if shell == "bash" else f"{option.rpartition(' ')[2]}="
        assert offered == {f"{name}{value}" for value in values}


def test_the_shell_looks_for_files_where_one_is_named() -> None:
    files = [{"file"}]
    looked_for = {"FILE": files, "PATH": files, "PLAN": files, "DIR": [*files, {"dir"}]}
    for command, parameter in parameters():
        context = click.Context(command)
        word = parameter.make_metavar(context).strip("[].")
        found = {each.type for each in parameter.shell_complete(context, "x")}
        if word in looked_for:
            assert found in looked_for[word], (command.name, parameter.name)
        else:
            assert not found & {"file", "dir"}, (command.name, parameter.name)


def test_an_unknown_command_is_no_error_to_a_shell(project: Path) -> None:
    assert "plan" in words(project, "kaiten-sync nonsense ")


def test_nothing_is_offered_where_nothing_can_be_read(tmp_path: Path, project: Path) -> None:
    (project / "kaiten-sync.yaml").write_text("version: [")
    assert words(project, "kaiten-sync plan -t ") == set()
    assert words(project, "kaiten-sync drift lic") == set()


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"COMP_WORDS": "kaiten-sync pl"},
        {"COMP_WORDS": "kaiten-sync pl", "COMP_CWORD": "x"},
        {"COMP_WORDS": 'kaiten-sync "', "COMP_CWORD": "9" * 5000},
        {"_KAITEN_SYNC_COMPLETE": "nothing_known"},
    ],
    ids=["no line", "no place", "a place that is no number", "a large place", "another shell"],
)
def test_a_line_that_cannot_be_read_completes_nothing(tmp_path: Path, line: dict[str, str]) -> None:
    asked = {"_KAITEN_SYNC_COMPLETE": "bash_complete", **line}
    done = kaiten_sync(cwd=tmp_path, environment=asked)
    assert (done.code, done.stdout, done.stderr) == (1, "", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(tmp_path: Path, shell: str) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("install bash to test its completion")
    done = kaiten_sync(cwd=tmp_path, environment={"_KAITEN_SYNC_COMPLETE": f"{shell}_source"})
    assert done.code == 0
    assert "_KAITEN_SYNC_COMPLETE=" in done.stdout
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)


def test_zsh_starts_its_completion_if_nothing_has(project: Path) -> None:
    source = kaiten_sync(cwd=project, environment={"_KAITEN_SYNC_COMPLETE": "zsh_source"}).stdout
    lines = source.splitlines()
    (registers,) = (n for n, line in enumerate(lines) if line.lstrip().startswith("compdef "))
    assert "$+functions[compdef]" in lines[registers - 1]
    assert "compinit" in lines[registers - 1]
    assert lines[0] == "#compdef kaiten-sync"


def test_fish_cuts_no_word_at_a_comma(project: Path) -> None:
    source = kaiten_sync(cwd=project, environment={"_KAITEN_SYNC_COMPLETE": "fish_source"}).stdout
    assert source.count("string split") == source.count('string split --max 1 ","') == 1
