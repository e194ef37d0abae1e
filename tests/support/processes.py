"""Processes of the system that tests start: what they inherit, and that each of them ends.

A test's verdict must not depend on how the tests were started, so signals are as in a terminal,
whatever a job runner ignores or blocks. Nor may it depend on the machine's speed, so a test waits
for events, and `HANG_S` is the only limit.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

HANG_S = 300.0
"""Seconds after which a test that waits for an event fails. Far above what the slowest machine
needs: reaching it means "never", not "slowly"."""

SIGNALS: dict[signal.Signals, Callable[[int, FrameType | None], Any] | signal.Handlers] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGQUIT: signal.SIG_DFL,
    signal.SIGCHLD: signal.SIG_DFL,
}
"""What processes in a terminal do with signals. Job runners, `nohup` and shells that start programs
in the background ignore some of them, and programs inherit that."""

_WITHOUT_SIGNALS = (
    "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]);"
    "[signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGHUP)];"
    "os.execv(sys.argv[1], sys.argv[1:])"
)

_PR_SET_CHILD_SUBREAPER = 36
_EXITING = 0x4
"""Linux: PF_EXITING of a process's flags."""

_LOOK_S = 0.02

_outliving: set[int] = set()


@contextmanager
def signals_of_a_terminal() -> Iterator[None]:
    """Stop ignoring and blocking signals in this process and in those that it starts."""
    ignored = [each for each in SIGNALS if signal.getsignal(each) is signal.SIG_IGN]
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    for each in ignored:
        signal.signal(each, SIGNALS[each])
    try:
        yield
    finally:
        for each in ignored:
            signal.signal(each, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextmanager
def started(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process with text streams, which ends at the latest with the block."""
    process = subprocess.Popen(command, text=True, **options)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def python_module(*words: str) -> list[str]:
    """The command line of a module, run by the Python that runs the tests."""
    return [sys.executable, "-m", *words]


def without_signals(*words: str) -> list[str]:
    """Like `python_module`, started as some job runners do: signals are ignored or blocked."""
    return [sys.executable, "-c", _WITHOUT_SIGNALS, *python_module(*words)]


def outlives_its_test(pid: int) -> None:
    """Let a process, and those that it starts, run on after the test that started it."""
    _outliving.add(pid)


def adopt_orphans() -> None:
    """Linux: processes whose parent ended become children of this process, and so can be found."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def running_processes() -> dict[int, str]:
    """The command lines of all processes that descend from this one, by process id.

    Those that may outlive their test are left out, and so are those that are about to be gone.
    From Linux's /proc; empty on other systems.
    """
    found: dict[int, str] = {}
    _collect(Path("/proc/self"), found, set(_outliving))
    return found


def left_over(before: set[int], limit_s: float = HANG_S) -> dict[int, str]:
    """What still runs of the processes that were started since, once they had time to end.

    Descendants of a process that ran before are its own business.
    """
    pause = threading.Event()
    for _ in range(int(limit_s / _LOOK_S) + 1):
        found: dict[int, str] = {}
        _collect(Path("/proc/self"), found, before | _outliving)
        if not found:
            break
        pause.wait(_LOOK_S)
    return found


def _collect(folder: Path, found: dict[int, str], known: set[int]) -> None:
    for pid in _children(folder) - known - found.keys():
        child = Path(f"/proc/{pid}")
        with suppress(OSError):  # it ended meanwhile
            if not _is_ending(child):
                line = (child / "cmdline").read_bytes().replace(b"\0", b" ")
                found[pid] = line.decode(errors="replace").strip()
            _collect(child, found, known)


def _children(folder: Path) -> set[int]:
    children: set[int] = set()
    for path in folder.glob("task/*/children"):
        with suppress(OSError):  # the thread ended meanwhile
            children.update(map(int, path.read_text().split()))
    return children


def _is_ending(folder: Path) -> bool:
    fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    return fields[0] in "ZX" or bool(int(fields[6]) & _EXITING)
