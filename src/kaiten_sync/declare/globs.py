"""Finds the paths that a glob means. Stage 1.

Python's `glob` looks through a folder once for each way in which `**` and links lead there: a
repository of somebody else can have more ways than anybody waits for, and folders that are deeper
than the stack. Here every folder is looked through once for each step of the pattern at most.
"""

from __future__ import annotations

import glob
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

_ANY_FOLDERS = "**"


def has_wildcard(pattern: str) -> bool:
    """Whether a path is a pattern if no file has it as its name."""
    return glob.has_magic(pattern)


def fixed_part(pattern: str) -> str:
    """The part of a pattern before its first wildcard: `catalog/` of `catalog/**/*.yaml`."""
    fixed: list[str] = []
    for step in PurePath(pattern).parts:
        if glob.has_magic(step):
            break
        fixed.append(step)
    return os.path.join(*fixed) if fixed else ""


def steps_of(pattern: str) -> tuple[str, ...]:
    """The steps after the fixed part."""
    return PurePath(pattern).parts[len(PurePath(fixed_part(pattern)).parts) :]


def matching(pattern: str, root: Path) -> list[str]:
    """The paths below `root` that a pattern means, sorted; hidden ones only if it names them.

    A folder means all that is in it. What links lead to in several ways has one of its names.

    Raises:
        OSError: a folder cannot be read.
    """
    steps = steps_of(pattern)
    found: set[str] = set()
    seen: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    waiting = [(fixed_part(pattern), beginning(steps))]
    while waiting:
        name, places = waiting.pop()
        if len(steps) in places:
            found.add(name or ".")
            continue
        folder = os.path.join(root, name)
        known = seen[_identity(folder)]
        new = places - known
        known |= new
        for inner in sorted(_names(folder, steps, new)) if new else ():
            ahead = after(inner, new, steps)
            path = os.path.join(name, inner)
            if ahead and os.path.isdir(os.path.join(root, path)):
                waiting.append((path, ahead))
            elif len(steps) in ahead and not pattern.endswith("/"):
                found.add(path)
    return sorted(found)


def after(
    name: str, places: Iterable[int], steps: Sequence[str], *, hidden: bool = False
) -> frozenset[int]:
    """The steps of a pattern that can come after a name, if these could come before it.

    The pattern is at its end with as many as there are. `hidden`: wildcards match hidden names.
    """
    found: set[int] = set()
    for place in places:
        step = steps[place] if place < len(steps) else ""
        if not hidden and name.startswith(".") and not step.startswith("."):
            continue
        if step == _ANY_FOLDERS:
            found.add(place)
        elif fnmatchcase(name, step):
            found.add(place + 1)
    return _open(found, steps)


def beginning(steps: Sequence[str]) -> frozenset[int]:
    """The steps that can come first."""
    return _open({0}, steps)


def _identity(folder: str) -> tuple[int, int]:
    """Which folder it is, whatever it is called; none if there is none."""
    try:
        found = os.stat(folder)
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _open(places: Set[int], steps: Sequence[str]) -> frozenset[int]:
    """These steps, and those that follow if any number of folders may be none."""
    found = set(places)
    for place, step in enumerate(steps):
        if place in found and step == _ANY_FOLDERS:
            found.add(place + 1)
    return frozenset(found)


def _names(folder: str, steps: Sequence[str], places: Iterable[int]) -> Iterator[str]:
    """The names in a folder that can fit; none if there is no folder.

    Raises:
        OSError: the folder is there and cannot be read. What it declares would be missing.
    """
    wanted = {steps[place] for place in places if place < len(steps)}
    if not any(glob.has_magic(step) for step in wanted):
        yield from (step for step in wanted if _is_there(os.path.join(folder, step)))
        return
    try:
        yield from os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return


def _is_there(path: str) -> bool:
    """Whether something has a path. Raises OSError if that cannot be found out."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
