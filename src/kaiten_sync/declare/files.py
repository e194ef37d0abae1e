"""Finds the files that paths, folders and globs mean. Stage 1."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from kaiten_sync.declare.content import looks_like_catalog
from kaiten_sync.declare.diagnostics import did_you_mean, file_diagnostic
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.source import NamedPath

SUFFIXES = frozenset({".yaml", ".yml"})
"""Endings of catalog files, in any case: Windows and older tools write `.YML`."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as the user would write its path, and where it is."""

    shown: str
    path: Path


def find_files(
    paths: Sequence[str], *, root: Path, new: Collection[Path] = ()
) -> Iterator[FoundFile | Diagnostic]:
    """All files in the order of `paths`, sorted within each, every file once.

    `new` are files that do not exist yet, and are found as if they did.
    """
    seen: set[str] = set()
    for given in paths:
        missing = [path for path in new if not path.exists() and _means(given, root, path)]
        for found in [*_of_path(given, root, missing)]:
            if isinstance(found, Diagnostic):
                yield _at_its_name(given, found)
            elif (real := os.path.realpath(found.path)) not in seen:
                seen.add(real)
                yield found


def _means(given: str, root: Path, path: Path) -> bool:
    """Whether a path or a glob would find a file, if it were there."""
    whole = os.path.realpath(root / given)
    if glob.has_magic(given):
        return fnmatchcase(str(path), whole) and path.suffix.lower() in SUFFIXES
    if str(path) == whole:
        return True
    is_hidden = any(p.startswith(".") for p in path.parts[len(Path(whole).parts) :])
    return path.is_relative_to(whole) and not is_hidden and path.suffix.lower() in SUFFIXES


def _of_path(given: str, root: Path, new: Sequence[Path]) -> list[FoundFile | Diagnostic]:
    """What one path means: itself if it exists, else what it matches as a glob."""
    if "\0" in given:
        return [file_diagnostic(_shown(given), "no-such-file", "this is not a path")]
    try:
        found = _existing(given, root)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return [file_diagnostic(_shown(given), "unreadable-file", f"this cannot be read: {reason}")]
    found += [
        FoundFile(_shown(os.path.relpath(path, os.path.realpath(root))), path) for path in new
    ]
    return found or [_nothing_at(given, root)]


def _at_its_name(given: str, found: Diagnostic) -> Diagnostic:
    """A diagnostic about a path itself, shown where a file names that path."""
    if not isinstance(given, NamedPath) or found.ref is None:
        return found
    if found.ref.file != _shown(given):
        return found
    return replace(
        found,
        message=f"{_shown(given)}: {found.message}",
        ref=given.ref,
        line_text=given.line_text,
    )


def _existing(given: str, root: Path) -> list[FoundFile | Diagnostic]:
    path = root / given
    if path.is_dir():
        return _in_folder(given, path, Path(os.path.realpath(path)))
    if path.exists():
        return [FoundFile(_shown(given), path)]
    if not glob.has_magic(given):
        return []
    return list(_in_glob(given, root))


def _in_glob(given: str, root: Path) -> Iterator[FoundFile | Diagnostic]:
    base = Path(os.path.realpath(root / _fixed_part(given)))
    pattern = _with_any_case(given)
    for match in sorted(glob.glob(pattern, root_dir=root, recursive=True)):
        path = root / match
        if path.is_dir():
            yield from _in_folder(match, path, base)
        elif path.suffix.lower() in SUFFIXES:
            yield _inside(match, path, base)
        elif looks_like_catalog(path):
            yield _left_out(match)


def _in_folder(given: str, folder: Path, base: Path) -> list[FoundFile | Diagnostic]:
    """The YAML files below a folder, without recursion: trees can be deeper than the stack."""
    found: list[tuple[str, FoundFile | Diagnostic]] = []
    seen: set[str] = set()
    waiting = [(given, folder)]
    while waiting:
        shown, path = waiting.pop()
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        for entry in os.scandir(path):
            name = f"{shown.rstrip('/')}/{entry.name}"
            is_hidden = entry.name.startswith(".")
            if entry.is_dir():
                inside = None if is_hidden else _inside(name, Path(entry.path), base)
                if isinstance(inside, Diagnostic):
                    found.append((name, inside))
                elif inside is not None:
                    waiting.append((name, Path(entry.path)))
            elif not is_hidden and PurePath(entry.name).suffix.lower() in SUFFIXES:
                found.append((name, _inside(name, Path(entry.path), base)))
            elif looks_like_catalog(Path(entry.path)):
                found.append((name, _left_out(name)))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _inside(given: str, path: Path, base: Path) -> FoundFile | Diagnostic:
    """The file, if it is below `base` once all links are followed."""
    if Path(os.path.realpath(path)).is_relative_to(base):
        return FoundFile(_shown(given), path)
    return file_diagnostic(
        _shown(given),
        "outside-folder",
        "this link leads out of the folder that was given",
        "name the other place as a path of its own, or copy the file",
    )


def _left_out(given: str) -> Diagnostic:
    diagnostic = file_diagnostic(
        _shown(given),
        "file-left-out",
        "this file looks like a catalog, but is not read",
        "end its name in .yaml or .yml (not hidden), or name it as a path of its own",
    )
    return replace(diagnostic, severity=Severity.WARNING)


def _with_any_case(pattern: str) -> str:
    """The glob, with the ending of catalog files in any case: `*.yaml` finds `UPPER.YAML`."""
    ending = PurePath(pattern).suffix
    if ending.lower() not in SUFFIXES:
        return pattern
    either = "".join(f"[{letter.lower()}{letter.upper()}]" for letter in ending[1:])
    return f"{pattern[: -len(ending)]}.{either}"


def _fixed_part(pattern: str) -> str:
    """The part of a glob before its first wildcard: `catalog/` of `catalog/**/*.yaml`."""
    fixed: list[str] = []
    for step in PurePath(pattern).parts:
        if glob.has_magic(step):
            break
        fixed.append(step)
    return os.path.join(*fixed) if fixed else ""


def _nothing_at(given: str, root: Path) -> Diagnostic:
    if not glob.has_magic(given) and not os.path.isdir(root / given):
        message = f"there is no such {'folder' if given.endswith('/') else 'file'}"
    elif os.path.isdir(root / given):
        message = "this folder contains no .yaml or .yml file"
    else:
        message = "no file matches this pattern"
    above = (root / given).parent
    beside = os.listdir(above) if above.is_dir() else ()
    hint = did_you_mean(PurePath(given).name, beside) or "check the path"
    return file_diagnostic(_shown(given), "no-such-file", message, hint)


def _shown(given: str) -> str:
    """A path as the user wrote it, with `/` and without a leading `./`.

    A name that is not UTF-8 gets escapes: plans, JSON and SARIF are Unicode.
    """
    name = PurePath(given).as_posix()
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")
