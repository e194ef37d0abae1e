"""Where something was declared."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Self

from msgspec import Struct

GIT_FOLDER = ".git"
"""What git keeps for itself: programs that it runs, and no file of a catalog."""


class SourceRef(Struct, frozen=True, eq=False, gc=False):
    """A place in a file. `file` is as the user wrote it, with `/`; line and column start at 1.

    `through` names what an inherited value came through, nearest first: the last one declares it.
    It is for people: two references to one place are equal, whatever way led there.

    A struct, because a catalog has two of them for each value, and a frozen dataclass takes five
    times as long to make. `dataclasses.replace` does not take it.
    """

    file: str
    line: int
    column: int
    through: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SourceRef) and self._written == other._written

    def __lt__(self, other: SourceRef) -> bool:
        return self._written < other._written

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.column))

    @property
    def _written(self) -> tuple[str, int, int]:
        return (self.file, self.line, self.column)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def is_on_line_of(self, other: SourceRef) -> bool:
        """Whether both are on one line, and came through the same."""
        is_same_line = self.line == other.line and self.file == other.file
        return is_same_line and self.through == other.through

    @property
    def place(self) -> tuple[tuple[tuple[str, int], ...], int, int]:
        """Orders places as a person reads them: files by name, `v2.yaml` before `v10.yaml`."""
        return (natural(self.file), self.line, self.column)


class NamedPath(str):
    """A path that a file names: `ref` is where, and `line_text` that line.

    A text, because a path from a command line has no place and means the same.
    """

    __slots__ = ("line_text", "ref")
    ref: SourceRef
    line_text: str | None

    def __new__(cls, path: str, ref: SourceRef, line_text: str | None) -> Self:
        """Make the path that is named at a place."""
        named = super().__new__(cls, path)
        named.ref, named.line_text = ref, line_text
        return named

    def below(self, root: Path) -> NamedPath:
        """The same path, relative to a folder."""
        slash = "/" if self.endswith("/") else ""  # by which a folder is called one
        return NamedPath(f"{root / self}{slash}", self.ref, self.line_text)


def is_in_git_folder(path: PurePath) -> bool:
    """Whether a path leads into `.git`, which `.GIT` is as well where case does not count."""
    return any(part.casefold() == GIT_FOLDER for part in path.parts)


def natural(text: str) -> tuple[tuple[str, int], ...]:
    """A sort key that takes the digits in a text as numbers."""
    parts = re.findall(r"(\D*)(\d*)", text, re.ASCII)
    return tuple((words, int(digits or 0)) for words, digits in parts)
