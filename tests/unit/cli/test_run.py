"""The edges of the command line: what is loaded, how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from tests.support.processes import HANG_S

from kaiten_sync.cli.elsewhere import COMMANDS, OPTIONS
from kaiten_sync.cli.exit_codes import ExitCode, code_of
from kaiten_sync.cli.root import root
from kaiten_sync.cli.run import run
from kaiten_sync.errors import KaitenSyncError, StalePlanError, UnreachableError, UsageError

HEAVY = ("httpx", "jsonschema", "yaml", "rich", "deepdiff", "jinja2", "kaiten_sync.server")


@pytest.mark.parametrize("args", [["--help"], ["plan", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    program = (
        "import sys; from kaiten_sync.cli.run import run; run(sys.argv[1:]);"
        f" print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *args], capture_output=True, text=True, check=True
    )
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), ExitCode.WRONG_INPUT),
        (StalePlanError("x"), ExitCode.REFUSED),
        (UnreachableError("x"), ExitCode.NO_ACCESS),
        (KaitenSyncError("x"), ExitCode.FAILED),
    ],
)
def test_errors_have_exit_codes(error: KaitenSyncError, code: ExitCode) -> None:
    assert code_of(error) is code


@pytest.mark.parametrize(
    ("word", "meant"),
    [("plna", "plan"), ("valdate", "validate"), ("diff", "plan"), ("pull", "adopt, or export")],
)
def test_an_unknown_command_gets_the_one_that_was_meant(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([word]) == ExitCode.WRONG_INPUT
    assert f"no such command: '{word}'. Did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("apply --auto-approve", "No such option: --auto-approve. Did you mean --yes?"),
        ("apply --dry-run", "Did you mean the command plan, which changes nothing?"),
        ("drift --json", "Did you mean --format json?"),
        ("plan --workspace prod", "Did you mean -t TARGET, which the project file names?"),
        (
            "plan -out=x",
            "-out=x: an option of more than one letter has two dashes. Did you mean --out?",
        ),
        ("plan -target prod", "Did you mean --target?"),
        ("apply -auto-approve", "Did you mean --yes?"),
        ("plan prod", "A catalog is named with -f. A target is named with -t"),
        ("apply one.json prod", "A target is named with -t"),
        ("show one.json prod", "Got unexpected extra argument (prod)"),
        ("plan --frobnicate", "No such option '--frobnicate'."),
    ],
)
def test_an_option_of_another_tool_gets_ours(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.split()) == ExitCode.WRONG_INPUT
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["show -- -out", "plan -fx --format text -t nowhere", "plan -f -file -t x"]
)
def test_a_short_option_keeps_its_value(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line.split()) == ExitCode.WRONG_INPUT
    assert "two dashes" not in capsys.readouterr().err


def test_the_hints_name_what_there_is() -> None:
    context = click.Context(root)
    commands = {name: root.get_command(context, name) for name in root.list_commands(context)}
    assert not COMMANDS.keys() & commands.keys()
    known = {name for each in commands.values() if each for it in each.params for name in it.opts}
    hinted = [hint for hints in (COMMANDS, OPTIONS) for hint in hints.values()]
    named = {word.strip(",;:") for hint in hinted for word in hint.split() if word[:2] == "--"}
    assert named <= known | {"--help", "--version"}
    assert {re.split(r"[ ,]", hint)[0] for hint in COMMANDS.values() if hint[0].islower()} <= {
        *commands
    }


def test_no_command_prints_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == ExitCode.WRONG_INPUT
    shown = capsys.readouterr().err
    assert shown.startswith("Usage: ")
    assert "error:" not in shown
    assert "validate" in shown
    assert not re.search(r"\w\.\.\.", shown)  # a sentence that a terminal of 80 columns cuts off


def test_the_traceback_of_a_bug_shows_no_secret_and_moves_no_cursor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_args: object) -> None:
        raise ZeroDivisionError("boom\x1b[2J\n::error::ksh_of-the-environment \u202e")

    monkeypatch.setenv("KAITEN_SYNC_DEBUG", "1")
    monkeypatch.setenv("KAITEN_AUTH_TOKEN", "ksh_of-the-environment")
    monkeypatch.setattr("kaiten_sync.jobs.agreed.read_plan_file", explode)
    assert run(["show", "x"]) == ExitCode.FAILED
    stderr = capsys.readouterr().err
    assert "Traceback (most recent call last):\n" in stderr
    assert "in explode\n" in stderr
    assert "of-the-environment" not in stderr
    assert not set("\x1b\u202e").intersection(stderr)
    assert "\n::error" not in stderr


@pytest.mark.parametrize(
    "args", [("validate",), ("plan", "--base-url", "http://127.0.0.1:9", "-f")], ids=["one", "more"]
)
@pytest.mark.parametrize(
    "path", ["x" * 5000, "/".join(["x" * 200] * 40), f"{'x' * 300}/*.yaml"], ids=len
)
def test_a_path_that_the_system_does_not_take_is_a_wrong_one(
    args: tuple[str, ...], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*args, path]) == ExitCode.WRONG_INPUT
    stderr = capsys.readouterr().err
    assert "a path is longer than the system takes" in stderr
    assert len(stderr) < 3000


def test_a_bug_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_args: object) -> None:
        raise ZeroDivisionError("boom\x1b[31m")

    monkeypatch.setattr("kaiten_sync.jobs.agreed.read_plan_file", explode)
    assert run(["show", "x"]) == ExitCode.FAILED
    stderr = capsys.readouterr().err
    assert "this is a bug" in stderr
    assert "Traceback" not in stderr
    assert "\x1b" not in stderr


@pytest.mark.parametrize(
    "args",
    [
        ["plan", "--frobnicate", "--format", "json"],
        ["plan", "--format=json", "--prune", "sometimes"],
        ["show", "--format", "json"],
        ["drift", "--format", "json", "--max-requests-per-minute", "0"],
    ],
)
def test_a_wrong_command_line_is_json_too(
    args: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) == ExitCode.WRONG_INPUT
    told = capsys.readouterr()
    error = json.loads(told.out)["error"]
    assert (error["kind"], error["exitCode"]) == ("UsageError", 3)
    assert error["message"] in told.err


def test_a_bug_is_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_args: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("kaiten_sync.jobs.agreed.read_plan_file", explode)
    assert run(["show", "x", "--format", "json"]) == ExitCode.FAILED
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["message"], error["exitCode"]) == ("ZeroDivisionError: boom", 1)


def test_an_interrupt_is_json_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kaiten_sync.jobs.agreed.read_plan_file", interrupted)
    assert run(["show", "x", "--format", "json"]) == ExitCode.INTERRUPTED
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["kind"], error["exitCode"]) == ("StoppedError", 130)


def _run_in(shell: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
        timeout=HANG_S,
    )


@pytest.mark.parametrize(
    ("format_", "found"), [("text", b"unknown field '?'"), ("json", "unknown field '→'".encode())]
)
def test_a_locale_that_lacks_a_character_is_no_error(
    tmp_path: Path, format_: str, found: bytes
) -> None:
    (tmp_path / "c.yaml").write_text("version: 1\n→: 1\n", encoding="utf-8")
    ended = _run_in(
        f"$0 -m kaiten_sync validate {tmp_path}/c.yaml --format {format_}",
        PYTHONIOENCODING="latin-1",
    )
    assert (ended.returncode, ended.stderr) == (3, b"")
    assert found in ended.stdout


def test_a_full_disk_under_the_result_is_no_bug() -> None:
    ended = _run_in("$0 -m kaiten_sync --help > /dev/full")
    assert ended.returncode == ExitCode.FAILED
    assert b"No space left" in ended.stderr
    assert b"bug" not in ended.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_is_no_error(closed: str) -> None:
    plan = Path(__file__).parents[3] / "examples/plans/getting-started/local.plan.json"
    ended = _run_in(f"$0 -m kaiten_sync show {plan} {closed}")
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("words", [("plan", "-f", "c.yaml"), ("validate", "c.yaml"), ("init", ".")])
def test_a_removed_working_directory_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(words) == ExitCode.WRONG_INPUT
    assert "the folder in which this runs was removed" in capsys.readouterr().err
