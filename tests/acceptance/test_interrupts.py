"""Ctrl-C and readers that go away, at the moments between a run's own."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.processes import HANG_S, signals_of_a_terminal, started
from tests.support.scripted import Reply, Request, scripted

CATALOG = "version: 1\ngroups:\n" + "".join(f"  g{n:02}: {{name: G{n:02}}}\n" for n in range(20))
"""More than are created side by side."""
AT_IMPORT = """
import importlib.abc, os, signal, sys
wanted = sys.argv.pop(1)
class Interrupts(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
from kaiten_sync.cli import main
main()
"""
AT_EXIT = """
import atexit, os, signal
atexit.register(os.kill, os.getpid(), signal.SIGINT)
from kaiten_sync.cli import main
main()
"""


def ended(program: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    with signals_of_a_terminal():
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_S,
        )


@pytest.mark.parametrize(
    "module",
    [
        "kaiten_sync.cli.run",
        "click",
        "kaiten_sync.cli.exit_codes",
        "kaiten_sync.cli.validate_command",
        "kaiten_sync.jobs.workspace",
        "yaml",
        "jsonschema_rs",
        "kaiten_sync.report.diagnostics_text",
    ],
)
def test_an_interrupt_while_modules_are_imported_leaves_no_traceback(
    tmp_path: Path, module: str
) -> None:
    (tmp_path / "c.yaml").write_text("version: 1\nnothing: 1\n")
    done = ended(AT_IMPORT, module, "validate", "c.yaml", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False), done.stderr


@pytest.mark.parametrize("module", ["kaiten_sync.report.failure", "kaiten_sync.report.notice"])
def test_an_interrupt_while_an_error_is_reported_leaves_no_traceback(
    tmp_path: Path, module: str
) -> None:
    done = ended(AT_IMPORT, module, "show", "nowhere.json", cwd=tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False), done.stderr


def test_an_interrupt_after_the_end_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(CATALOG)
    done = ended(AT_EXIT, "validate", "c.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name
)
def test_a_reading_that_is_stopped_says_so_and_leaves_nothing(
    tmp_path: Path, stop: signal.Signals
) -> None:
    (tmp_path / "c.yaml").write_text(CATALOG)

    def answer(_request: Request) -> Reply:
        os.kill(process.pid, stop)
        process.wait(HANG_S)
        return Reply(hang_up=True)

    with (
        scripted(answer) as server,
        signals_of_a_terminal(),
        started(
            [sys.executable, "-m", "kaiten_sync", "plan", "-f", "c.yaml", "-o", "p.plan.json"],
            cwd=tmp_path,
            env={**os.environ, "KAITEN_BASE_URL": server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        shown, messages = process.communicate(timeout=HANG_S)
    assert (process.returncode, shown) == (130, "")
    # On a slow machine the reading takes so long that somebody who waits is told why.
    waits = ("waiting for the server", "working", "trying again")
    said = [line for line in messages.splitlines() if not line.startswith(waits)]
    assert said == ["interrupted: nothing more was started"]
    assert [each.name for each in tmp_path.iterdir()] == ["c.yaml"]


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name
)
@pytest.mark.parametrize("heard", ["1. A project", "3. Plan", "9. A customer"])
def test_a_tour_that_is_stopped_says_so_and_stops_its_server(
    tmp_path: Path, stop: signal.Signals, heard: str
) -> None:
    with (
        signals_of_a_terminal(),
        started(
            [sys.executable, "-m", "kaiten_sync", "demo"],
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(heard):
                os.kill(process.pid, stop)
        messages = process.communicate(timeout=HANG_S)[1]
    assert process.returncode == 130, messages
    assert messages.splitlines()[-1] == "interrupted: nothing more was started"
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("both", [False, True], ids=["stdout", "stdout and stderr"])
def test_ctrl_c_that_ends_the_reader_too_keeps_the_report_and_the_exit_code(
    tmp_path: Path, both: bool
) -> None:
    """`apply | tee log` in a terminal: the signal reaches both, and tee is gone first."""
    (tmp_path / "c.yaml").write_text(CATALOG)
    there: set[str] = set()

    def answer(request: Request) -> Reply:
        slug = request.path.split("?")[0].removeprefix("/api/entitlement-groups").strip("/")
        if request.method == "POST":
            if not there:
                reader.close()
                os.kill(process.pid, signal.SIGINT)
            there.add(request.body["slug"])
            return Reply(status=201, body=request.body)
        if slug:
            body = {"slug": slug, "name": slug.capitalize(), "id": slug}
            return Reply(body=body) if slug in there else Reply(status=404, body={"code": "X"})
        return Reply(body={"items": [], "hasMore": False})

    read_end, write_end = os.pipe()
    reader = os.fdopen(read_end)
    words = ["apply", "-f", "c.yaml", "--yes", "--receipt", "receipt.json"]
    with scripted(answer) as server, signals_of_a_terminal():
        environment = {"KAITEN_BASE_URL": server.url, "KAITEN_SYNC_MAX_REQUESTS_PER_MINUTE": "600"}
        with started(
            [sys.executable, "-m", "kaiten_sync", *words],
            cwd=tmp_path,
            env={**os.environ, **environment},
            stdout=write_end,
            stderr=write_end if both else subprocess.PIPE,
        ) as process:
            os.close(write_end)
            _, messages = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["state"] == "interrupted"
    if not both:
        assert "Traceback" not in messages
        assert "done          create   group/g" in messages
        assert "Interrupted" in messages


def test_nothing_is_imported_before_interrupts_are_caught(tmp_path: Path) -> None:
    """The interpreter's own start is the only time in which Ctrl-C ends in a traceback."""
    done = ended(
        "import sys; known = {*sys.modules}; import kaiten_sync.cli; print({*sys.modules} - known)",
        cwd=tmp_path,
    )
    loaded = ast.literal_eval(done.stdout)
    assert "kaiten_sync.cli" in loaded
    assert loaded <= {"kaiten_sync", "kaiten_sync.cli"}
