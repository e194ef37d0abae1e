"""Replaces files: whole or not at all, several or none, and as the same files. Used by disk.

A file that is replaced keeps what belongs to somebody: its mode, owner and attributes, the links
that lead to it, and its other names.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

Content: TypeAlias = "bytes | Iterable[bytes]"
"""What a file has, in one piece or in several, which are asked for once."""

_PIECE_BYTES = 256 * 1024
_STAGED = re.compile(r"\.(?P<name>.+)\.(?P<pid>[1-9]\d*)\.[a-z0-9_]{8}", re.DOTALL | re.ASCII)
"""The name of a file that is to replace another, and the process that wrote it."""


class _Replacement:
    """One file, what it was, and what it will be; None if there is no file."""

    def __init__(self, path: Path, content: Content | None) -> None:
        self._path = Path(os.path.realpath(path))
        self._content = content
        self._before = self._path.read_bytes() if self._path.exists() else None
        self._staged: str | None = None
        self._is_in_place = self._before is not None and _is_written_in_place(self._path)
        self._is_put = False
        self._folders: list[Path] = []

    def stage(self) -> None:
        """Write the new content beside the file, unless only the file itself can take it."""
        if self._content is None:
            return
        make_folders(self._path.parent, self._folders)
        if self._is_in_place:
            return
        try:
            handle, self._staged = tempfile.mkstemp(
                dir=self._path.parent, prefix=f".{_cut(self._path)}.{os.getpid()}."
            )
        except OSError as error:  # nobody knows the name of the file that was not made
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        with os.fdopen(handle, "wb") as file:
            file.writelines(_pieces(self._content))
            # Both, before the name changes: a crash must leave the old content or the new, and
            # not an empty file.
            file.flush()
            os.fsync(file.fileno())
        if self._before is None:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(self._staged, 0o666 & ~mask)
        elif not _made_alike(self._path, self._staged):
            self._content = _pieces_of(self._staged)
            self._is_in_place = True

    def put(self) -> None:
        """Make the change. A file with other names, or of another owner, is written in place."""
        self._is_put = True
        if self._content is None:
            self._path.unlink(missing_ok=True)
        elif self._is_in_place or self._staged is None:
            _write_in_place(self._path, self._content)
            self.discard()
        else:
            os.replace(self._staged, self._path)
            self._staged = None

    def undo(self) -> None:
        """Bring back what was there."""
        self.discard()
        if self._is_put and self._before is None:
            self._path.unlink(missing_ok=True)
        elif self._is_put and self._before is not None:
            _write_in_place(self._path, self._before)
        remove_folders(self._folders)

    def discard(self) -> None:
        if self._staged is not None:
            os.unlink(self._staged)
            self._staged = None


def replace_files(contents: Mapping[Path, Content | None]) -> None:
    """Write these files, and remove those whose content is None: all of them, or none.

    Everything is on disk, beside the files, before the first one changes (ADR 24). What a process
    that was killed had put there for the same files is removed.

    Raises:
        OSError: one cannot be written. Every file is as it was.
    """
    replacements: list[_Replacement] = []
    try:
        for path, content in contents.items():
            replacements.append(_Replacement(path, content))
        for each in replacements:
            each.stage()
        for each in replacements:
            each.put()
    except BaseException:
        for each in reversed(replacements):  # a folder goes after those that were made in it
            with contextlib.suppress(OSError):  # the first error says what is wrong
                each.undo()
        raise
    _remove_leftovers(contents)


def can_replace(path: Path) -> bool:
    """Whether folders and permissions let a file be replaced, or made with the folders above it."""
    real = Path(os.path.realpath(path))
    if real.exists() and _is_written_in_place(real):
        return os.access(real, os.W_OK)
    folder = next(each for each in real.parents if each.exists())
    return os.access(folder, os.W_OK | os.X_OK)


def make_folders(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, and add those that were not there to a list.

    Raises:
        OSError: one cannot be made. Those that were are in the list.
    """
    for each in reversed((folder, *folder.parents)):
        if not each.is_dir():
            each.mkdir(exist_ok=True)  # somebody else may have been faster
            made.append(each)


def remove_folders(made: Sequence[Path]) -> None:
    """Remove folders that were made for nothing, but for those that have something in them."""
    for each in reversed(made):
        with contextlib.suppress(OSError):
            each.rmdir()


def _remove_leftovers(paths: Iterable[Path]) -> None:
    names: dict[str, set[str]] = {}
    for path in map(Path, map(os.path.realpath, paths)):
        names.setdefault(str(path.parent), set()).add(_cut(path))
    for folder, written in names.items():
        with contextlib.suppress(OSError):  # all that was asked for is written
            for each in os.listdir(folder):
                found = _STAGED.fullmatch(each)
                if found and found["name"] in written and not _is_running(int(found["pid"])):
                    os.unlink(os.path.join(folder, each))


def _cut(path: Path) -> str:
    """The part of a file's name that the name of its replacement has."""
    return path.name[:100]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # it is somebody else's
    return True


def _is_written_in_place(path: Path) -> bool:
    return os.stat(path).st_nlink > 1  # its other names lead to what it has now


def _made_alike(path: Path, staged: str) -> bool:
    """Give a new file the mode, owner and attributes of another; False if that is not allowed."""
    now, wanted = os.stat(staged), os.stat(path)
    try:
        if (now.st_uid, now.st_gid) != (wanted.st_uid, wanted.st_gid):
            os.chown(staged, wanted.st_uid, wanted.st_gid)
    except PermissionError:
        return False
    shutil.copystat(path, staged)
    os.utime(staged)  # it is new all the same
    return True


def _write_in_place(path: Path, content: Content) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(_pieces(content))
        file.truncate()


def _pieces(content: Content) -> Iterable[bytes]:
    return (content,) if isinstance(content, bytes) else content


def _pieces_of(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
