"""A verdict depends neither on how the tests were started nor on how fast the machine is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.processes import (
    HANG_S,
    left_over,
    running_processes,
    signals_of_a_terminal,
    started,
    without_signals,
)

ROOT = Path(__file__).parents[2]
LINGERS = "import time; print('ready', flush=True); time.sleep(1e6)"
LEAVES_ONE = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {LINGERS!r}])"

STOPPED = (
    "tests/acceptance/test_receipts.py::test_a_stop_ends_a_reading_at_once",
    "tests/unit/server/test_processes.py::test_one_process_stops_cleanly[sqlite-2]",
    "tests/unit/cli/test_signals.py",
)
SECONDS = re.compile(
    r"timeout(?:_s)?=\d|\.(?:wait|result|join|acquire|communicate)\([\d.]+\)"
    r"|(?:time\.|asyncio\.)timeout\([\d.]+|\btime\.(?:sleep|monotonic|perf_counter)\("
)
"""How a test may wait or measure by itself."""

REASONS = {
    "tests/unit/api/test_bounds.py": "a stand-in drips for longer than the client's patience",
    "tests/unit/api/test_client.py": "measures that pauses are not too short; slower is longer",
    "tests/unit/api/test_tls.py": "a stand-in drips for longer than the client's patience",
    "tests/unit/server/test_webhook_delivery.py": "0.3 s of silence are too long; slow stand-ins",
}
"""Files that may, and why no machine is too slow for them."""


@pytest.fixture
def deaf() -> Iterator[None]:
    """This process ignores SIGINT and blocks SIGTERM."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("deaf")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_processes_hear_signals_that_this_one_ignores(stop: signal.Signals) -> None:
    code = "import signal; print('ready', flush=True); signal.pause()"
    with (
        signals_of_a_terminal(),
        started(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(stop)
        assert process.wait(HANG_S) != 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_tests_pass_where_signals_are_ignored(tmp_path: Path) -> None:
    # With a folder of its own: whoever ends clears up the shared one, and so do others meanwhile.
    own = f"--basetemp={tmp_path / 'inner'}"
    command = without_signals("pytest", "-q", "-p", "no:cacheprovider", own, *STOPPED)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "6 passed" in ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
@pytest.mark.parametrize("code", [LINGERS, LEAVES_ONE], ids=["child", "orphan"])
def test_a_process_that_is_left_behind_is_found(code: str) -> None:
    before = set(running_processes())
    with started([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        # Right after it is started, a process has no command line for a moment.
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if code == LEAVES_ONE:
            assert process.wait(HANG_S) == 0
        found = left_over(before, 0)
        for pid in found:
            os.kill(pid, signal.SIGKILL)
    assert [LINGERS in line for line in found.values()] == [True]
    assert left_over(before) == {}


def test_no_test_has_a_limit_of_its_own() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__) and SECONDS.search(path.read_text(encoding="utf-8"))
    }
    assert found == set(REASONS)
