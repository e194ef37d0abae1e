"""Files on disk, as jobs read and write them. Implements `Files` of `model/ports.py`."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kaiten_sync.errors import UsageError
from kaiten_sync.model.ports import GrowingFile


class Disk:
    """The file system of this process; paths are relative to its working directory."""

    def exists(self, path: Path) -> bool:
        """Whether anything has this path."""
        return path.exists()

    def is_file(self, path: Path) -> bool:
        """Whether the path leads to a regular file."""
        return path.is_file()

    def read(self, path: Path) -> bytes:
        """The whole content.

        Raises:
            UsageError: it cannot be read.
        """
        try:
            return path.read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error

    def read_input(self) -> bytes:
        """Standard input, to its end."""
        return sys.stdin.buffer.read()

    def write(self, path: Path, content: bytes) -> None:
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

    def remove(self, path: Path) -> None:
        """Remove a file, if there is one."""
        path.unlink(missing_ok=True)

    def grow(self, path: Path, head: bytes) -> GrowingFile:
        """Begin a file that is whole after every write.

        Raises:
            OSError: it cannot be written there.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _OpenFile(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666))
        file.replace_end(0, head)
        return file


@dataclass(frozen=True, slots=True)
class _OpenFile:
    descriptor: int

    def replace_end(self, kept_bytes: int, content: bytes) -> None:
        # One system call writes the content: a process that is killed leaves it whole or not there.
        os.pwrite(self.descriptor, content, kept_bytes)
        os.truncate(self.descriptor, kept_bytes + len(content))

    def close(self) -> None:
        os.close(self.descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
