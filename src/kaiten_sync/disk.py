"""Files on disk, as jobs read and write them. Implements `Files` of `model/ports.py`.

Only regular files are read and written. A pipe would be waited for, and a device has no end; what
was meant for standard output is there with `--format`.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import fcntl
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from kaiten_sync import presence
from kaiten_sync.errors import UsageError
from kaiten_sync.model.ports import GrowingFile
from kaiten_sync.model.source import GIT_FOLDER, is_in_git_folder
from kaiten_sync.redaction import Redaction
from kaiten_sync.replacing import Content, can_replace, make_folders, remove_folders, replace_files

LARGEST_BYTES = 256 * 1024 * 1024
"""Ten times the plan of a catalog with 20,000 grants: whatever is larger was named by mistake."""

_PIECE_BYTES = 256 * 1024

_NAME_FOLDER = "name another folder"
_NAME_FILE = "name a file in place of -"
_MAY_READ = "check the path and who may read it"
_MAY_WRITE = "check the path, who may write there, and the room on the disk"

_LEADS_OUT = "leads out of the repository"

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def read_regular(path: Path, most_bytes: int = LARGEST_BYTES) -> bytes:
    """The whole content of a regular file. Never waits, and never reads more than the limit.

    Raises:
        UsageError: it is not a regular file, too large, or cannot be read.
    """
    with _opened(path, most_bytes) as file:
        return _whole(_bounded(file, str(path), most_bytes))


def check_input(path: Path) -> None:
    """Make sure, before anything else is done, that a file can be read.

    Raises:
        UsageError: it is not a regular file, or cannot be read.
    """
    read_regular(path)


def check_output(path: Path, *, is_folder: bool = False, is_replaced: bool = True) -> None:
    """Make sure, before anything else is done, that a file or a folder can have this name.

    `is_replaced`: what the file has now is not kept.

    Raises:
        UsageError: something else has it, or there can be no such folder.
    """
    try:
        _check_links(path)
        if presence.is_there(path):
            if is_folder and not presence.is_folder(path):
                raise UsageError(f"cannot write to {path}: it is not a folder", hint=_NAME_FOLDER)
            if not is_folder:
                _check_file(path, is_replaced=is_replaced)
            return
        above = next(each for each in path.absolute().parents if os.path.lexists(each))
        if not presence.is_folder(above):
            raise UsageError(f"cannot write {path}: {above} is not a folder", hint=_NAME_FOLDER)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise UsageError(f"cannot write {path}: {reason}", hint=_MAY_WRITE) from error


class Disk:
    """The file system of this process; paths are relative to its working directory.

    No file is written that contains what `redaction` hides.
    """

    def __init__(self, redaction: Redaction | None = None) -> None:
        self._redaction = redaction or Redaction()

    def exists(self, path: Path) -> bool:
        """Whether anything has this path.

        Raises:
            UsageError: it cannot be looked for there, or is too long for a path.
        """
        with _looked_for(path):
            return presence.is_there(path)

    def is_file(self, path: Path) -> bool:
        """Whether the path leads to a regular file. Raises as `exists` does."""
        with _looked_for(path):
            return presence.is_regular(path)

    def read(self, path: Path) -> bytes:
        """The whole content. Raises as `read_regular` does."""
        return read_regular(path)

    def read_pieces(self, path: Path) -> Iterator[bytes]:
        """The same in pieces. Raises as `read_regular` does, when it is read."""
        with _opened(path, LARGEST_BYTES) as file:
            yield from _bounded(file, str(path), LARGEST_BYTES)

    def check_replaceable(self, path: Path) -> None:
        """Make sure, before it is written, that a file can be made or replaced.

        Raises:
            UsageError: its folder, or that in which its folder is made, does not allow it.
        """
        check_output(path)
        if not can_replace(path):
            raise UsageError(f"cannot write {path}: its folder is not writable", hint=_MAY_WRITE)

    def read_input(self) -> bytes:
        """Standard input, to its end.

        Raises:
            UsageError: it is closed, cannot be read, or has no end.
        """
        if sys.stdin is None:
            raise UsageError("cannot read standard input: it is closed", hint=_NAME_FILE)
        try:
            return _whole(_bounded(sys.stdin.buffer, "standard input", LARGEST_BYTES))
        except OSError as error:
            raise UsageError(
                f"cannot read standard input: {error.strerror}", hint=_NAME_FILE
            ) from error

    def write(self, path: Path, content: bytes) -> None:
        """Write a file whole or not at all, as `write_all` does."""
        self.write_all({path: content})

    def write_pieces(self, path: Path, pieces: Iterable[bytes]) -> None:
        """The same, of a content that is made while it is written."""
        check_output(path)
        _replace({path: self._without_token(path, pieces)})

    def write_all(self, contents: Mapping[Path, bytes | None]) -> None:
        """Write several files or none; None removes one. Links stay, and so does a file's mode.

        Raises:
            UsageError: one cannot be written there, or would contain a token.
        """
        for path, content in contents.items():
            check_output(path)
            for _ in self._without_token(path, _pieces(content or b"")):
                pass
        _replace(contents)

    def _without_token(self, path: Path, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of a file; raises before one with which the token would be in it."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        has_token = self._redaction.search()
        for piece in pieces:
            # As text, piece by piece: as a whole it takes several times the memory.
            if has_token(decoder.decode(piece)):
                raise UsageError(
                    f"{path} is not written: it would contain the token of this run",
                    hint="revoke the token, and take it out of whatever contains it",
                )
            yield piece

    def grow(self, path: Path, head: bytes) -> GrowingFile:
        """Begin a file that is whole after every write.

        Raises:
            OSError: it cannot be written there, is not a regular file, or another process is
                writing it.
        """
        if link := _leading_out(path):
            raise OSError(errno.EPERM, f"the link {link} {_LEADS_OUT}")
        if presence.is_there(path) and (reason := _irregular(path.stat().st_mode)):
            raise OSError(errno.EINVAL, reason)
        folders: list[Path] = []
        try:
            make_folders(path.parent, folders)
            return _grown(path, head)
        except OSError:
            remove_folders(folders)
            raise


def _grown(path: Path, head: bytes) -> GrowingFile:
    is_new = not presence.is_there(path)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(descriptor)
        before = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        try:
            os.truncate(descriptor, 0)
            return _OpenFile(path, descriptor, head)
        except OSError:
            os.pwrite(descriptor, before, 0)  # there is a place for what was there
            if is_new:
                path.unlink()
            raise
    except OSError:
        os.close(descriptor)
        raise


class _OpenFile:
    """`kept` bytes are never written again; `tail` is what follows them now."""

    def __init__(self, path: Path, descriptor: int, head: bytes) -> None:
        self._path = path
        self._descriptor = descriptor
        self._kept_bytes = 0
        self._tail = b""
        self.replace_end(0, head)

    def replace_end(self, kept_bytes: int, content: bytes) -> None:
        before = self._tail[kept_bytes - self._kept_bytes :]
        # One system call writes the content: a process that is killed leaves it whole or not there.
        written = os.pwrite(self._descriptor, content, kept_bytes)
        try:
            while written < len(content):  # a full disk takes a part, and refuses the next
                written += os.pwrite(self._descriptor, content[written:], kept_bytes + written)
        except OSError:
            with contextlib.suppress(OSError):  # there is a place for what was there
                os.pwrite(self._descriptor, before, kept_bytes)
                os.truncate(self._descriptor, kept_bytes + len(before))
            raise
        os.truncate(self._descriptor, kept_bytes + len(content))
        self._kept_bytes, self._tail = kept_bytes, content

    def close(self) -> None:
        ours = os.fstat(self._descriptor)
        os.close(self._descriptor)
        try:
            is_there = os.path.samestat(ours, os.stat(self._path))
        except OSError:
            is_there = False
        if not is_there:
            raise OSError(errno.ENOENT, "it was removed or replaced while it was written")


def _lock(descriptor: int) -> None:
    """Keep a file that grows from growing for two processes, until it is closed.

    Raises:
        OSError: another process is writing it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(error.errno, "another command is writing it now") from error
    except OSError:  # there are file systems without locks
        return


def _replace(contents: Mapping[Path, Content | None]) -> None:
    try:
        replace_files(contents)
    except OSError as error:
        path = Path(str(error.filename2 or error.filename or next(iter(contents))))
        raise UsageError(f"cannot write {path}: {error.strerror}", hint=_MAY_WRITE) from error


def _check_links(path: Path) -> None:
    if link := _leading_out(path):
        raise UsageError(
            f"cannot write {path}: the link {link} {_LEADS_OUT}",
            hint="remove the link, or name the place that it leads to",
        )


def _leading_out(path: Path) -> Path | None:
    """The link on the way to a path that leads out of the repository it is in; None if none does.

    Whoever writes to a repository of others does not know their links. What git keeps for itself
    is not theirs either: it has programs that git runs.
    """
    for each in (path, *path.parents):
        if not each.is_symlink():
            continue
        above, end = Path(os.path.realpath(each.parent)), Path(os.path.realpath(each))
        top = next((e for e in (above, *above.parents) if os.path.lexists(e / GIT_FOLDER)), None)
        if top is None:
            continue
        if not end.is_relative_to(top):
            return each
        if is_in_git_folder(end.relative_to(top)):
            return each
    return None


def _pieces(content: bytes) -> Iterator[bytes]:
    return (content[at : at + _PIECE_BYTES] for at in range(0, len(content), _PIECE_BYTES))


def _check_regular(mode: int, what_failed: str) -> None:
    if reason := _irregular(mode):
        raise UsageError(f"{what_failed}: {reason}", hint="name a regular file")


def _check_file(path: Path, *, is_replaced: bool) -> None:
    found = path.stat()
    _check_regular(found.st_mode, f"cannot write {path}")
    # What is replaced is read before, to bring it back if another file cannot be written.
    if is_replaced and found.st_size > LARGEST_BYTES:
        raise UsageError(
            f"cannot write {path}: the file that is there is larger than {LARGEST_BYTES:,} bytes",
            hint="it is not a file of this program: name another one, or remove it first",
        )


def _irregular(mode: int) -> str | None:
    if stat.S_ISREG(mode):
        return None
    return f"it is {_KINDS.get(stat.S_IFMT(mode), 'something else')}, not a regular file"


@contextlib.contextmanager
def _looked_for(path: Path) -> Iterator[None]:
    """Say of whatever cannot be looked at why not."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", error)
        raise UsageError(f"cannot read {path}: {reason}", hint=_MAY_READ) from error


@contextlib.contextmanager
def _opened(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        _check_regular(path.stat().st_mode, f"cannot read {path}")  # opening has effects of its own
        with os.fdopen(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            _check_regular(found.st_mode, f"cannot read {path}")
            if found.st_size > most_bytes:  # before it is read; it may grow all the same
                raise _too_large(str(path), most_bytes)
            yield file
    except (OSError, ValueError) as error:
        is_gone = isinstance(error, FileNotFoundError | NotADirectoryError)
        reason = "the file does not exist" if is_gone else getattr(error, "strerror", error)
        raise UsageError(
            f"cannot read {path}: {reason}",
            hint="check the path" if is_gone else _MAY_READ,
        ) from error


def _bounded(file: BinaryIO, name: str, most_bytes: int) -> Iterator[bytes]:
    size_bytes = 0
    while piece := file.read(_PIECE_BYTES):
        size_bytes += len(piece)
        if size_bytes > most_bytes:
            raise _too_large(name, most_bytes)
        yield piece


def _too_large(name: str, most_bytes: int) -> UsageError:
    return UsageError(
        f"cannot read {name}: it is larger than {most_bytes:,} bytes",
        hint="no file that this program reads is that large: check the path",
    )


def _whole(pieces: Iterable[bytes]) -> bytes:
    # Reading as many bytes as a file may have takes that much memory, however few there are.
    content = io.BytesIO()
    content.writelines(pieces)
    return content.getvalue()
