"""The edges of the command line: what is loaded, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from kaiten_sync.cli.applying import _first_interrupt_finishes
from kaiten_sync.cli.exit_codes import ExitCode, code_of
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


def test_a_bug_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def explode(*_args: object) -> None:
        raise ZeroDivisionError("boom\x1b[31m")

    monkeypatch.setattr("kaiten_sync.cli.planning.read_plan_file", explode)
    assert run(["show", "x"]) == ExitCode.FAILED
    stderr = capsys.readouterr().err
    assert "this is a bug" in stderr
    assert "Traceback" not in stderr
    assert "\x1b" not in stderr


def test_the_first_interrupt_asks_to_finish_and_the_second_stops(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _first_interrupt_finishes() as stopped:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped.is_set()
        assert "finishing what is under way" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
