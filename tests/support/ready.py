"""Commands in processes of their own, without the time that an interpreter takes to start.

A process that has imported the program waits on a socket. For each command it makes a copy of
itself, which takes over the streams, the folder and the environment of whoever asks. Only for tests
of what a script does with commands: what the interpreter does at its start is not in it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import marshal
import os
import pkgutil
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import NoReturn

_ASK = Path(__file__).with_name("ask_ready.py")
_STUBS = ("tests.support.forge.gh", "tests.support.forge.curl")


@cache
def ready_programs() -> Path:
    """A folder for the PATH with `kaiten-sync` in it."""
    program = _running().with_name("kaiten-sync")
    program.write_text(f'#!/bin/sh\n{ready_command("kaiten_sync")} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program.parent


def ready_command(module: str) -> str:
    """The words, for a shell, that run a module as `python -m` would; its options follow."""
    return f"exec '{sys.executable}' -I -S '{_ASK}' '{_running()}' {module}"


@cache
def _running() -> Path:
    """The socket of the process, which the first caller starts. It ends with this process."""
    from tests.support.processes import outlives_its_test

    folder = tempfile.TemporaryDirectory(prefix="ready-", dir="/tmp")
    path = Path(folder.name) / "socket"
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the tests
        cwd=Path(__file__).parents[2],
    )
    outlives_its_test(process.pid)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()  # closes its input
        folder.cleanup()

    atexit.register(end)
    return path


def _serve(path: str) -> None:
    """Answer until the input ends."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([listener.fileno(), 0], [], [])
            if 0 in readable:
                return
            asked, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _run(asked)
            asked.close()
            _reap()


def _run(asked: socket.socket) -> None:
    size, streams, _, _ = socket.recv_fds(asked, 8, 3)
    with asked.makefile("rb") as rest:
        module, words, folder, environment = marshal.load(rest)
    assert len(size) == 8
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    # Whether they can be sought was found out when they were made, for others.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - until the process ends
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *words]
    end_process = os._exit

    def end(status: int) -> NoReturn:
        sys.stdout.flush()
        sys.stderr.flush()
        asked.sendall(bytes([status]))
        end_process(0)

    os._exit = end  # the program ends its process by itself
    code: object = 1
    try:
        runpy.run_module(module, run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        traceback.print_exc()
    end(code if isinstance(code, int) else int(code is not None))


def _reap() -> None:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def _load() -> None:
    import kaiten_sync.cli

    for module in pkgutil.iter_modules(kaiten_sync.cli.__path__, "kaiten_sync.cli."):
        importlib.import_module(module.name)
    for stub in _STUBS:
        importlib.import_module(stub)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _load()
    _serve(sys.argv[1])
