"""The command line: parses, calls one pipeline function, prints. The only importer of click.

Command modules import nothing heavy at their top, so that `--help` answers at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import NoReturn


def main() -> None:
    """Entry point of the `kaiten-sync` command."""
    from kaiten_sync.cli.exit_codes import ExitCode
    from kaiten_sync.cli.run import run

    code = run(sys.argv[1:])
    if code == ExitCode.INTERRUPTED:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End the process now: the interpreter would wait for requests that were given up."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)
