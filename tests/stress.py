"""Runs the tests that start processes or race, with every core busy and with signals ignored.

`make stress` starts it. What passes here passes on a slow machine, in the background and under a
job runner.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack

from tests.support.processes import started, without_signals

TESTS = (
    "tests/acceptance/test_kill.py",
    "tests/acceptance/test_receipts.py",
    "tests/acceptance/test_requests.py",
    "tests/acceptance/test_two_at_once.py",
    "tests/unit/api",
    "tests/unit/cli",
    "tests/unit/server/test_processes.py",
    "tests/unit/server/test_races.py",
    "tests/unit/server/test_usage_concurrency.py",
    "tests/unit/server/test_usage_kill.py",
    "tests/unit/server/test_webhook_delivery.py",
)

LIMIT_S = 30 * 60
"""After which the run is ended, and has failed."""

BUSY = "while True: pass"


def main(options: list[str]) -> int:
    """Run the tests, with further options of pytest, and return its exit code."""
    with ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            stack.enter_context(started([sys.executable, "-c", BUSY]))
        # A session of its own, so that all of it can be ended.
        command = without_signals("pytest", "-n", "auto", *TESTS, *options)
        tests = stack.enter_context(started(command, start_new_session=True))
        try:
            return tests.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            print(f"not done after {LIMIT_S} s", file=sys.stderr)
            return 1
        finally:
            if tests.poll() is None:
                os.killpg(tests.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
