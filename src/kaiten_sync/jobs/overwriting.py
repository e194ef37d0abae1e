"""Makes sure that a file of ours replaces only one of its own kind.

A catalog or a plan that is named by mistake would be gone.
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.model.ports import Files


class Output(Enum):
    """A kind of file that is written beside a plan: its name, its option, a member that it has."""

    RECEIPT = ("receipt", "--receipt", "outcomes")
    IMPACT = ("impact", "--impact-out", "takenAt")


def check_replaces(path: str, files: Files, output: Output, beside: str | None = None) -> None:
    """Make sure that there is no file, an empty one, or one of this kind.

    `beside` is a file that the same command writes.

    Raises:
        UsageError: something else is there, or will be.
    """
    what, option, member = output.value
    if beside is not None and Path(path).resolve() == Path(beside).resolve():
        raise UsageError(f"{option} would overwrite {beside}", hint="name another file")
    if not files.is_file(Path(path)):
        return
    try:
        content = files.read(Path(path))
    except UsageError:
        return  # whether it can be written shows in a moment
    if not content:
        return
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not (isinstance(found, dict) and member in found):
        raise UsageError(
            f"{path} is there and is no {what}; it was left as it is",
            hint=f"name another file with {option}",
        )
