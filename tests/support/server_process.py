"""The embedded server as a process of the system, to be stopped and killed for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.processes import HANG_S

from kaiten_sync.server.domain.tokens import new_token

_READY = "listening on "


class ServerProcess:
    """Runs `kaiten-sync serve` while its `with` block does, or until it is killed or stopped.

    Port 0 picks a free one; `port` then says which. `url` has no `/api`; `token` opens the first
    organization; give both port and token of an earlier one to start it again. `log()` is what it
    wrote to stderr so far.
    """

    url: str
    port: int
    pid: int

    def __init__(
        self,
        database_url: str,
        *options: str,
        port: int = 0,
        workers: int = 1,
        token: str | None = None,
    ) -> None:
        self.token = token or new_token()
        self.port = port
        self._command = [
            *(sys.executable, "-m", "kaiten_sync", "serve", *options),
            *("--port", str(port), "--workers", str(workers)),
        ]
        self._environment = {
            **os.environ,
            "KAITEN_DATABASE_URL": database_url,
            "KAITEN_BOOTSTRAP_TOKEN": self.token,
        }
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the block ends
        self._process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # so that all its processes are one group
        )
        self.pid = self._process.pid
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self.kill()
            self._close()
            raise
        self.port = int(self.url.rpartition(":")[2])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._close()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, as `kill` or Ctrl-C does, and wait. Gives its exit code."""
        if how == signal.SIGINT:
            os.killpg(self.pid, how)  # Ctrl-C reaches all processes in front
        else:
            self._process.send_signal(how)
        return self._process.wait(HANG_S)

    def kill(self) -> None:
        """End all its processes at once, as a power cut would. Harmless when they are gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait_until_gone()

    def wait_until_gone(self) -> None:
        """Wait until the last of its processes has ended."""
        self._process.wait(HANG_S)
        assert self._process.stdout is not None
        too_late = self._later(HANG_S)
        self._process.stdout.read()  # all of them hold its other end
        too_late.cancel()

    def command_lines(self) -> dict[int, str]:
        """The command line of each of its processes, by process id. From Linux's /proc."""
        lines = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                if os.getpgid(int(folder.name)) == self.pid:
                    line = (folder / "cmdline").read_text(encoding="utf-8")
                    lines[int(folder.name)] = line.replace("\0", " ")
        return lines

    def workers(self) -> list[int]:
        """The process ids of its workers, where there are several."""
        return [pid for pid, line in self.command_lines().items() if "spawn_main" in line]

    def log(self) -> str:
        """What it wrote to stderr so far."""
        file = self._log.fileno()
        return os.pread(file, os.fstat(file).st_size, 0).decode()  # its place stays the server's

    def _close(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._log.close()

    def _later(self, delay_s: float) -> threading.Timer:
        """Kills all of its processes after that time, unless it is canceled."""
        timer = threading.Timer(delay_s, os.killpg, (self.pid, signal.SIGKILL))
        timer.start()
        return timer

    def _wait_until_ready(self) -> str:
        assert self._process.stdout is not None
        too_late = self._later(HANG_S)
        try:
            for line in self._process.stdout:
                if line.startswith(_READY):
                    return line.removeprefix(_READY).strip()
        finally:
            too_late.cancel()
        raise AssertionError(f"the server did not start:\n{self.log()}")
