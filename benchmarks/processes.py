"""Runs commands as whole processes, and measures each."""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

TOKEN = "ksh_benchmark-of-a-throw-away-server"
READY = "listening on "
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Run:
    """One finished process; CPU time and memory are those of the process itself."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    stdout: str


@dataclass(frozen=True)
class Medians:
    """The medians of several runs of one command."""

    seconds: float
    cpu_seconds: float
    peak_mib: float

    def as_json(self) -> dict[str, float]:
        """The figures with as many digits as they are worth."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def medians(runs: Sequence[Run]) -> Medians:
    """The median of each figure by itself."""
    return Medians(
        seconds=statistics.median(run.seconds for run in runs),
        cpu_seconds=statistics.median(run.cpu_seconds for run in runs),
        peak_mib=statistics.median(run.peak_mib for run in runs),
    )


class OverdueError(Exception):
    """A command took longer than its limit."""


def measure(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    codes: Sequence[int],
    limit_s: float | None = None,
) -> Run:
    """Run a command to its end. Another exit code than those expected ends the benchmark.

    Modules are compiled once and kept, as they are where a program is installed.

    Raises:
        OverdueError: it takes longer than `limit_s`, and was ended.
    """
    environment = {name: value for name, value in environment.items() if name != NO_BYTECODE}
    is_over = threading.Event()
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, cwd=folder
        )

        def end() -> None:
            is_over.set()
            os.kill(process.pid, signal.SIGKILL)  # Popen.kill would reap it, and its usage with it

        timer = threading.Timer(limit_s or 0, end)
        if limit_s is not None:
            timer.start()
        assert process.stdout is not None
        stdout = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if is_over.is_set():
            raise OverdueError
        if process.returncode not in codes:
            errors.seek(0)
            said = f"{stdout}\n{errors.read().decode()}"
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{said}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, _peak_mib(usage), stdout)


def kaiten_sync(*args: str) -> list[str]:
    """A command of the program, in the interpreter that runs the benchmark."""
    return [sys.executable, "-m", "kaiten_sync", *args]


def database_of(folder: Path) -> str:
    """The database of the server in this folder."""
    return f"sqlite:///{folder}/bench.db"


@contextmanager
def embedded_server(folder: Path) -> Iterator[str]:
    """The URL of a server with an empty database in this folder."""
    command = kaiten_sync("serve", "--port", "0", "--database", database_of(folder))
    environment = {**os.environ, "KAITEN_BOOTSTRAP_TOKEN": TOKEN}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield line.partition(READY)[2].strip()
    finally:
        process.terminate()
        process.wait()


def _peak_mib(usage: resource.struct_rusage) -> float:
    """ru_maxrss is in KiB on Linux and in bytes on macOS (getrusage(2))."""
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1024 / 1024
