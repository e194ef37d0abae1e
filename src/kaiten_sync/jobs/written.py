"""Which files of an export's folder the export wrote itself: those whose content it recorded.

The record lies beside them, in the format of `sha256sum`. A file that somebody wrote or changed
does not match it, and is never deleted (ADR 30). Whoever changes a repository can write a record as
well, so a file that no export writes is not deleted either, whatever the record says.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kaiten_sync.declare import NOT_HERE, FoundFile, find_files, is_as_dumped
from kaiten_sync.errors import DeclarationError, UsageError
from kaiten_sync.kinds.registry import top_kinds
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.ports import Files

RECORD = ".kaiten-sync-export.sha256"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def replacing(
    folder: Path,
    contents: Mapping[Path, bytes],
    files: Files,
    *,
    is_forced: bool,
    left_out: Sequence[Path],
) -> Mapping[Path, bytes | None]:
    """The contents, the record of them, and None for each file of an earlier export.

    Afterwards, exactly these files are read as a catalog when the folder is.

    Raises:
        UsageError: a file is there already, or belongs to somebody. Nothing was written.
        DeclarationError: the folder has files that this checkout lacks (`left_out`).
    """
    _check_whole(folder, left_out)
    # What else is read as a catalog if the folder is.
    written = {os.path.realpath(path) for path in contents}
    # What an earlier export or a person left there would be declared as well.
    others = [
        found.path
        for found in (find_files([str(folder)], root=Path()) if folder.is_dir() else ())
        if isinstance(found, FoundFile) and os.path.realpath(found.path) not in written
    ]
    recorded = _recorded(folder, files)
    foreign = [path for path in others if not _is_exported(path, folder, recorded, files)]
    found = [*_in_the_way(folder, contents, files), *others]
    if found and not is_forced:
        raise UsageError(
            f"{found[0]} is there already; nothing was written",
            # Not where it would be refused as well, such as in a project's own folder.
            hint="choose an empty folder" + ("" if foreign else ", or pass --force"),
        )
    if foreign:
        raise UsageError(
            "not written by export, or changed since, and planning the folder would read it:"
            f" {', '.join(path.as_posix() for path in foreign)}; nothing was written",
            hint="choose another folder, or move these files to one, and export again",
        )
    same_breaks = dict(contents)
    for path, text in contents.items():
        # A file that is replaced keeps its line breaks: else all of it would differ in git.
        if files.is_file(path) and b"\r\n" in files.read(path):
            same_breaks[path] = text.replace(b"\n", b"\r\n")
    # The record comes last: until then, the one before still names what is to be removed.
    record = _record(folder, same_breaks)
    return {**same_breaks, **dict.fromkeys(others), folder / RECORD: record}


def _record(folder: Path, contents: Mapping[Path, bytes]) -> bytes:
    """In the form of `sha256sum`, so that people can check it without this program."""
    inside = {p: text for p, text in contents.items() if p.is_relative_to(folder)}
    lines = sorted((_name(folder, path), _digest(text)) for path, text in inside.items())
    return "".join(f"{digest}  {name}\n" for name, digest in lines).encode()


def _in_the_way(folder: Path, contents: Mapping[Path, bytes], files: Files) -> Sequence[Path]:
    """The paths that have something else than what an export that was killed left there.

    It left no record, which comes last, and files that are as they are to be.
    """
    has_record = files.exists(folder / RECORD)
    return sorted(
        path
        for path, content in contents.items()
        if files.exists(path)
        and (has_record or not files.is_file(path) or files.read(path) != content)
    )


def _check_whole(folder: Path, left_out: Sequence[Path]) -> None:
    found = find_files([str(folder)], root=Path(), left_out=left_out) if left_out else ()
    lacking = [each for each in found if isinstance(each, Diagnostic) and each.rule == NOT_HERE]
    if lacking:
        raise DeclarationError(lacking)


def _is_exported(path: Path, folder: Path, recorded: Mapping[str, str], files: Files) -> bool:
    name = _name(folder, path)
    sections = "|".join(each.section for each in top_kinds())
    layout = rf"catalog\.yaml|(?:{sections})(?:/[^/]+)?\.yaml"  # what an export calls its files
    if path.is_symlink() or name not in recorded or not re.fullmatch(layout, name):
        return False
    content = files.read(path)
    text = content.decode(errors="replace").replace("\r\n", "\n")
    return recorded[name] == _digest(content) and is_as_dumped(text)


def _recorded(folder: Path, files: Files) -> Mapping[str, str]:
    """The digest of each file that an earlier export wrote here."""
    if not files.is_file(folder / RECORD):
        return {}
    text = files.read(folder / RECORD).decode(errors="replace")
    return {found[2]: found[1] for line in text.splitlines() if (found := _LINE.fullmatch(line))}


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
