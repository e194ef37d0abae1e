"""Runs the tests that start processes where they have it hard: `python -m tests.support.stress`.

Each core is kept busy by a loop, and SIGINT is ignored, as by background jobs and some CI runners.
A verdict that depends on the machine's speed, or on how the tests were started, fails here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

from tests.support.processes import started, without_signals

LONGEST_S = 1800.0
"""For the whole run: four times what two idle cores take."""

TESTS = (
    "tests/acceptance/test_receipts.py",
    "tests/acceptance/test_kill.py",
    "tests/acceptance/test_two_at_once.py",
    "tests/acceptance/test_main_job.py",
    "tests/unit/cli",
    "tests/unit/server/test_processes.py",
    "tests/unit/server/test_start.py",
    "tests/unit/server/test_usage_kill.py",
)


def main() -> int:
    """Run them, and return pytest's exit code."""
    with ExitStack() as loops:
        for _ in range(os.cpu_count() or 1):
            loops.enter_context(started([sys.executable, "-c", "while True: pass"]))
        command = [str(word) for word in without_signals("pytest", "-q", *TESTS, *sys.argv[1:])]
        return subprocess.run(command, timeout=LONGEST_S, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
