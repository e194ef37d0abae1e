"""Finds the files that paths, folders and globs mean. Stage 1."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TypeAlias

from kaiten_sync.declare.content import looks_like_catalog
from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.declare.globs import (
    after,
    beginning,
    fixed_part,
    has_wildcard,
    matching,
    steps_of,
)
from kaiten_sync.declare.links import NOT_HERE, lost_link
from kaiten_sync.declare.submodules import empty_submodule, empty_submodules_in
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.model.source import NamedPath, is_in_git_folder
from kaiten_sync.presence import is_folder, is_there, repository_of

SUFFIXES = frozenset({".yaml", ".yml"})
"""Endings of catalog files, in any case: Windows and older tools write `.YML`."""

OUTSIDE = "outside-folder"
"""The rule of what is not read because of where it is."""

_OUT_OF_REPOSITORY = (
    "this leads out of the repository",
    "copy the file, or name the place that it leads to on the command line",
)


class FoundFile(Immutable, frozen=True):
    """A file as the user would write its path, and where it is."""

    shown: str
    path: Path


class _LeftOut(FoundFile, frozen=True):
    """A file that looks like a catalog, and whose name keeps it from being read."""


_Found: TypeAlias = FoundFile | Diagnostic


def find_files(
    paths: Sequence[str],
    *,
    root: Path,
    new: Collection[Path] = (),
    left_out: Collection[Path] = (),
    made_by: str = "",
) -> Iterator[FoundFile | Diagnostic]:
    """All files in the order of `paths`, sorted within each, every file once.

    `new` are files that do not exist yet, and are found as if they did. `left_out` are files that
    git has and this checkout lacks: what they declare would be missing, and a plan would delete it.
    `made_by` says what writes such files, for a path that leads to none.
    """
    # By real path: two names of one file would declare everything in it twice.
    seen: set[str] = set()
    unread: dict[str, _LeftOut] = {}
    missing = {os.path.realpath(path) for path in left_out}.difference(map(str, new))
    absent = {str(path): path for path in (*new, *map(Path, missing)) if not path.exists()}
    for given in paths:
        for found in [*_of_path(given, root, _meant(given, root, absent), made_by)]:
            if isinstance(found, Diagnostic):
                yield _at_its_name(given, found)
            elif isinstance(found, _LeftOut):
                unread.setdefault(os.path.realpath(found.path), found)
            elif (real := os.path.realpath(found.path)) not in seen:
                seen.add(real)
                is_here = real not in missing or found.path.exists()
                yield found if is_here else _at_its_name(given, _not_here(found.shown))
    for real, each in unread.items():
        if real not in seen:  # another path may name it
            diagnostic = file_diagnostic(
                _shown(each.shown),
                "file-left-out",
                "this file looks like a catalog, but is not read",
                "give it a name that ends in .yaml or .yml, as the catalog's paths say, in a folder"
                " that is not hidden; or name it as a path of its own",
            )
            yield diagnostic.changed(severity=Severity.WARNING)


def leads_out(given: str, root: Path) -> bool:
    """Whether a path leads out of the repository that says so: messages show what files have.

    A path of a command line may be anywhere; what is in a repository, its links and the paths that
    its files name, may not lead to the files of whoever checks it. What git keeps for itself is
    theirs as well.
    """
    base = Path(os.path.realpath(root))
    top = repository_of(base)
    if top is None:
        return False
    path = Path(os.path.normpath(base / given))
    if not isinstance(given, NamedPath) and not path.is_relative_to(top):
        return False
    start = path if is_there(path) else base / fixed_part(given)
    is_said = not isinstance(given, NamedPath) and is_in_git_folder(path)
    return not _is_in(top, start, may_be_gits=is_said)


def _is_in(folder: Path, path: Path, *, may_be_gits: bool = False) -> bool:
    """Whether a path is in a folder once all links are followed, and nothing that git keeps."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(folder):
        return False
    return may_be_gits or not is_in_git_folder(real.relative_to(folder))


def _meant(given: str, root: Path, absent: Mapping[str, Path]) -> list[Path]:
    """Of files that are not there, by their names, those that a path or a glob would find."""
    if not absent:
        return []
    whole = os.path.realpath(root / given)
    if whole in absent:
        return [absent[whole]]
    found = [path for path in absent.values() if path.suffix.lower() in SUFFIXES]
    if os.path.isdir(whole) or not has_wildcard(given):
        base, pattern = Path(whole), ""
    else:
        base, pattern = Path(os.path.realpath(root / fixed_part(given))), _with_any_case(given)
    inside = ((path, path.relative_to(base)) for path in found if base in path.parents)
    return [path for path, inner in inside if _is_meant(inner, pattern)]


def _is_meant(file: PurePath, pattern: str) -> bool:
    """Whether a pattern means a file: it, or a folder that it is in. An empty one means all."""
    steps = steps_of(pattern)
    *folders, name = file.parts
    places = _reached(folders, steps)
    if len(steps) in places and not name.startswith("."):
        return True
    return not pattern.endswith("/") and len(steps) in after(name, places, steps)


def _reached(folders: Sequence[str], steps: Sequence[str]) -> frozenset[int]:
    """The steps that can come after these folders; what is below a folder that is meant, is."""
    places = beginning(steps)
    for name in folders:
        is_meant = len(steps) in places and not name.startswith(".")
        places = places if is_meant else after(name, places, steps)
    return places


def _of_path(given: str, root: Path, new: Sequence[Path], made_by: str) -> list[_Found]:
    """What one path means: itself if it exists, else what it matches as a glob."""
    if "\0" in given:
        return [file_diagnostic(_shown(given), "no-such-file", "this is not a path")]
    path = root / given
    try:
        if leads_out(given, root):
            return [file_diagnostic(_shown(given), OUTSIDE, *_OUT_OF_REPOSITORY)]
        if is_folder(path):
            found = _in_folder(given, path, Path(os.path.realpath(path)))
            found += _not_checked_out(given, root)
        elif is_there(path):
            found = [FoundFile(_shown(given), path)]
        elif has_wildcard(given):
            found = [*_in_glob(given, root), *_not_checked_out(given, root)]
        else:
            found = []
    except OSError as error:
        reason = error.strerror or type(error).__name__
        inner = os.path.relpath(error.filename or path, root)
        what = "this" if _shown(inner) == _shown(given) else _shown(inner)
        return [
            file_diagnostic(_shown(given), "unreadable-file", f"{what} cannot be read: {reason}")
        ]
    found += [
        FoundFile(_shown(os.path.relpath(path, os.path.realpath(root))), path) for path in new
    ]
    if all(isinstance(each, _LeftOut) for each in found):
        found.append(_nothing_at(given, root, made_by))
    return found


def _at_its_name(given: str, found: Diagnostic) -> Diagnostic:
    """A diagnostic about a path itself, shown where a file names that path."""
    if not isinstance(given, NamedPath) or found.ref is None:
        return found
    if found.ref.file != _shown(given):
        return found
    return found.changed(
        message=f"{_shown(given)}: {found.message}",
        ref=given.ref,
        line_text=given.line_text,
    )


def _in_glob(given: str, root: Path) -> Iterator[_Found]:
    fixed = fixed_part(given)
    base = Path(os.path.realpath(root / fixed))
    pattern = _with_any_case(given)
    for match in matching(pattern, root):
        path = root / match
        if is_folder(path):
            yield from _in_folder(match, path, base)
        elif path.suffix.lower() in SUFFIXES:
            yield _inside(match, path, base)
        elif lost := lost_link(match, path):
            yield lost
        elif looks_like_catalog(path):
            yield _LeftOut(match, path)
    yield from _missed_by_glob(fixed, root / fixed, steps_of(pattern))


def _not_checked_out(given: str, root: Path) -> Iterator[Diagnostic]:
    """The submodules whose files a folder or a glob means, and that are not checked out.

    What they declare would be missing, and a plan would delete it.
    """
    is_whole = is_folder(root / given)
    fixed, steps = (given, ()) if is_whole else (fixed_part(given), steps_of(given))
    for inner in empty_submodules_in(root / fixed):
        if _reached(inner.parts, steps):
            yield file_diagnostic(
                _shown(os.path.join(fixed, inner)),
                NOT_HERE,
                "this submodule is not checked out, and its files are not read",
                "git submodule update --init",
            )


def _not_here(shown: str) -> Diagnostic:
    return file_diagnostic(
        shown,
        NOT_HERE,
        "git was told to leave this file out of the checkout, and it is a part of the catalog",
        "add its folder with `git sparse-checkout add`, or end the sparse checkout with"
        " `git sparse-checkout disable`; for a file alone: `git update-index --no-skip-worktree"
        " --no-assume-unchanged FILE`, then `git restore FILE`",
    )


def _missed_by_glob(given: str, folder: Path, steps: Sequence[str]) -> Iterator[_Found]:
    """What a pattern below a folder misses: files whose names keep them out, and lost links.

    Follows no links: hidden folders of other tools have some that lead in circles.
    """
    waiting = [("", beginning(steps), False)]
    while waiting:
        name, places, is_hidden = waiting.pop()
        for entry in _entries(os.path.join(folder, name), may_fail=True):
            # What is below a folder that is meant is meant as well.
            is_meant = len(steps) in places
            ahead = places if is_meant else after(entry.name, places, steps, hidden=True)
            inner, is_out = os.path.join(name, entry.name), is_hidden or entry.name.startswith(".")
            if entry.is_dir(follow_symlinks=False):
                if ahead:
                    waiting.append((inner, ahead, is_out))
                continue
            path, shown = Path(entry.path), os.path.join(given, inner)
            other = after(_other_ending(entry.name), places, steps, hidden=is_out)
            if len(steps) in (ahead if is_out else other - ahead):
                if looks_like_catalog(path):
                    yield _LeftOut(shown, path)
            elif given and ahead and len(steps) not in ahead and (lost := lost_link(shown, path)):
                yield lost  # at the root of a repository, other tools have links as well


def _in_folder(given: str, folder: Path, base: Path) -> list[_Found]:
    """The YAML files below a folder, without recursion: trees can be deeper than the stack.

    What is hidden, or is in a folder that is, can only be left out.
    """
    found: list[tuple[str, _Found]] = []
    seen: set[tuple[str, bool]] = set()
    waiting = [(given, folder, False)]
    while waiting:
        shown, path, is_out = waiting.pop()
        real = os.path.realpath(path)
        if (real, is_out) in seen:
            continue
        seen.add((real, is_out))
        for entry in _entries(path, may_fail=is_out):
            name, inner = f"{shown.rstrip('/')}/{entry.name}", Path(entry.path)
            is_left_out = is_out or entry.name.startswith(".")
            if entry.is_dir():
                inside = _inside(name, inner, base)
                if not isinstance(inside, Diagnostic):
                    waiting.append((name, inner, is_left_out))
                elif not is_left_out:
                    found.append((name, inside))
            elif not is_left_out and inner.suffix.lower() in SUFFIXES:
                found.append((name, _inside(name, inner, base)))
            elif PurePath(given).parts and not is_left_out and (lost := lost_link(name, inner)):
                found.append((name, lost))
            elif looks_like_catalog(inner):
                found.append((name, _LeftOut(name, inner)))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _entries(folder: str | Path, *, may_fail: bool) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [each for each in entries if not is_in_git_folder(PurePath(each.name))]
    except OSError:
        if may_fail:
            return []
        raise


def _inside(given: str, path: Path, base: Path) -> FoundFile | Diagnostic:
    """The file, if it is below `base` once all links are followed."""
    if _is_in(base, path):
        return FoundFile(_shown(given), path)
    return file_diagnostic(
        _shown(given),
        OUTSIDE,
        "this link leads out of the folder that was given",
        "name the other place as a path of its own, or copy the file",
    )


def _with_any_case(pattern: str) -> str:
    """The glob, with the ending of catalog files in any case: `*.yaml` finds `UPPER.YAML`."""
    ending = PurePath(pattern).suffix
    if ending.lower() not in SUFFIXES:
        return pattern
    either = "".join(f"[{letter.lower()}{letter.upper()}]" for letter in ending[1:])
    return f"{pattern[: -len(ending)]}.{either}"


def _other_ending(name: str) -> str:
    """The name of a catalog file with the other ending that it might have."""
    path = PurePath(name)
    if path.suffix.lower() not in SUFFIXES:
        return name
    return path.stem + (".yml" if path.suffix.lower() == ".yaml" else ".yaml")


def _nothing_at(given: str, root: Path, made_by: str) -> Diagnostic:
    if not has_wildcard(given) and not os.path.isdir(root / given):
        message = f"the {'folder' if given.endswith('/') else 'file'} does not exist"
    elif os.path.isdir(root / given):
        message = "this folder contains no .yaml or .yml file"
    else:
        message = "no file matches this pattern"
    above = (root / given).parent
    beside = os.listdir(above) if above.is_dir() else ()
    name = PurePath(given).name
    submodule = empty_submodule(root / given)
    if submodule is not None:
        hint = f"the submodule {submodule} is not checked out: git submodule update --init"
    else:
        hint = did_you_mean(name, beside) or "; ".join(filter(None, ("check the path", made_by)))
    return file_diagnostic(_shown(given), "no-such-file", message, hint)


def _shown(given: str) -> str:
    """A path as the user wrote it, with `/` and without a leading `./`.

    A name that is not UTF-8 gets escapes: plans, JSON and SARIF are Unicode.
    """
    name = PurePath(given).as_posix()
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")
