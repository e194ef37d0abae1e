"""Standard output for results, standard error for everything else."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TextIO

import click

from kaiten_sync.errors import UsageError
from kaiten_sync.report.formats import Look


def use_color(stream: TextIO) -> bool:
    """Colour only on a terminal that has it, and never against NO_COLOR (no-color.org)."""
    is_dumb = os.environ.get("TERM") == "dumb"
    return stream.isatty() and not is_dumb and not os.environ.get("NO_COLOR")


def terminal_width() -> int:
    """Columns to lay text out for; 100 where there is no terminal."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def look_of(stream: TextIO) -> Look:
    """How text for people looks on a stream."""
    return Look(color=use_color(stream), width=terminal_width())


def print_result(text: str) -> None:
    """Write a result to standard output."""
    click.echo(text, nl=not text.endswith("\n"), color=True)


def say(text: str) -> None:
    """Tell the person something that is not the result."""
    click.echo(text, err=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all. A link stays one, and a device is written to.

    Raises:
        UsageError: it cannot be written there.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)  # /dev/null must not become a file
            return
        path = Path(os.path.realpath(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
