"""The command line: parses, calls one pipeline function, prints. The only importer of click.

Command modules import nothing heavy at their top, so that `--help` answers at once.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the `kaiten-sync` command."""
    from kaiten_sync.cli.run import run

    sys.exit(run(sys.argv[1:]))
