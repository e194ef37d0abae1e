"""Makes sure that a file of ours replaces only one of its own kind.

A catalog or a plan that is named by mistake would be gone. So would what somebody saves in a file
of the declaration while a command edits it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from kaiten_sync.declare import FileChange, conflicts, is_lfs_pointer
from kaiten_sync.documents import properties_in
from kaiten_sync.errors import ChangedFileError, UsageError
from kaiten_sync.immutable import Immutable
from kaiten_sync.model.ports import Files
from kaiten_sync.model.strict_json import has_too_many_values

_MOVES = b'"migration"'


class _OutputForm(Immutable, frozen=True):
    """What a file is called, the option that names it, and how one is recognized."""

    called: str
    option: str
    is_one: Callable[[Mapping[str, Any]], bool]


class Output(Enum):
    """A kind of file that a command writes."""

    PLAN = _OutputForm("plan of a catalog", "-o", lambda found: _is_plan(found, moves=False))
    FRESH = _OutputForm("plan of a catalog", "--fresh", lambda found: _is_plan(found, moves=False))
    MIGRATION = _OutputForm("migration plan", "-o", lambda found: _is_plan(found, moves=True))
    RECEIPT = _OutputForm("receipt", "--receipt", lambda found: "startedAt" in found)
    IMPACT = _OutputForm("impact", "--impact-out", lambda found: "takenAt" in found)


def check_replaces(
    path: str | None, files: Files, output: Output, *beside: tuple[str, str | None]
) -> str | None:
    """Make sure that there is no file, an empty one, or one of this kind; returns its digest.

    `beside` are other files that the same command reads or writes, each with its option. None if
    there is no file.

    Raises:
        UsageError: something else is there, or will be, what is there cannot be read, or it cannot
            be written there.
    """
    if path is None:
        return None
    kind: _OutputForm = output.value
    for option, other in beside:
        if other is not None and Path(path).resolve() == Path(other).resolve():
            raise UsageError(
                f"{kind.option} would overwrite {other}, the file of {option}",
                hint="name another file",
            )
    try:
        content = files.read(Path(path)) if files.is_file(Path(path)) else None
    except UsageError as error:
        # What it is cannot be seen, so it is not replaced: its owner may be able to.
        raise UsageError(
            f"{path} is there and cannot be read as a {kind.called}; it was left as it is:"
            f" {error.message}",
            hint=f"name another file with {kind.option}, or remove this one first",
        ) from error
    if content and not _is_of(output, content):
        raise UsageError(
            f"{path} is there and is no {kind.called}; it was left as it is",
            hint=f"name another file with {kind.option}, or remove this one first",
        )
    if output is not Output.RECEIPT:  # that is opened before anything else, and grows in place
        files.check_replaceable(Path(path))
    return None if content is None else hashlib.sha256(content).hexdigest()


def write_output(path: str, pieces: Iterable[bytes], files: Files, before: str | None) -> None:
    """Write a file, unless it is not as `check_replaces` found it before a server was read.

    What somebody saved there meanwhile would be lost, and so would what a plan that came meanwhile
    owns.

    Raises:
        ChangedFileError: somebody did. UsageError: the file cannot be written.
    """
    if _digest_of(path, files) != before:
        raise ChangedFileError(path)
    files.write_pieces(Path(path), pieces)


def write_changes(changes: Sequence[FileChange], files: Files) -> None:
    """Write edited files, all or none, unless somebody saved one since it was read.

    Raises:
        ChangedFileError: somebody did. UsageError: a file cannot be written.
    """
    for each in changes:
        now = files.read(each.path) if files.exists(each.path) else None
        if now != each.before:
            raise ChangedFileError(each.shown)
    files.write_all({each.path: each.after for each in changes})


def _digest_of(path: str, files: Files) -> str | None:
    if not files.is_file(Path(path)):
        return None
    found = hashlib.sha256()
    try:
        for piece in files.read_pieces(Path(path)):  # beside the new plan, which is in memory
            found.update(piece)
    except UsageError:
        return None
    return found.hexdigest()


def _is_of(output: Output, content: bytes) -> bool:
    if has_too_many_values(content):
        return False
    try:
        found = properties_in(content)  # all of a plan takes several times the memory of its file
    except (ValueError, RecursionError):
        # A plan that git could not merge is made again, or refused for that. So is one that is
        # in LFS: whoever removes the pointer loses what the plan owns.
        text = content.decode(errors="replace")
        lines = text.splitlines()
        first = next((line for line in lines if not line.startswith("<<<<<<<")), "")
        is_unmerged = first.startswith("{") and any(conflicts(lines))
        return output is Output.PLAN and (is_unmerged or is_lfs_pointer(text))
    return output.value.is_one(found)


def _is_plan(found: Mapping[str, Any], *, moves: bool) -> bool:
    is_plan = {"changes", "observed", "digest"} <= found.keys()
    return is_plan and (bytes(found.get("kind", b"")) == _MOVES) is moves
