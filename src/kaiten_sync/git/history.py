"""The history of the repository around a folder. Implements `History` of `model/ports.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kaiten_sync.git.attribution import attributed
from kaiten_sync.git.ignored import ignored
from kaiten_sync.git.left_out import left_out
from kaiten_sync.git.merges import unmerged_sides
from kaiten_sync.git.refusal import refusal
from kaiten_sync.git.show import check_commit, file_at, versions
from kaiten_sync.model.drift import Difference


class GitHistory:
    """Reads history through the `git` program."""

    def file_at(self, spec: str, folder: Path) -> bytes:
        """The content of `REV:PATH`. Raises as `git.show.file_at` does."""
        return file_at(spec, folder)

    def check_commit(self, revision: str, folder: Path) -> None:
        """Make sure that a revision is a commit. Raises as `git.show.check_commit` does."""
        check_commit(revision, folder)

    def unmerged_sides(self, path: Path) -> tuple[bytes, ...]:
        """Both sides of a file that git could not merge; empty if it is merged."""
        return unmerged_sides(path)

    def versions(self, path: Path, *, renamed: bool = False) -> tuple[str, ...]:
        """The contents that a file had on this branch, newest first, as specs for `file_at`."""
        return versions(path, renamed=renamed)

    def ignored(self, paths: Sequence[Path], folder: Path) -> tuple[Path, ...]:
        """Those of some paths that git leaves out; empty without a repository."""
        return ignored(paths, folder)

    def left_out(self, paths: Sequence[str], folder: Path) -> tuple[Path, ...]:
        """The files at and below some paths that git has and does not miss."""
        return left_out(paths, folder)

    def refusal(self, folder: Path) -> str | None:
        """Why git reads no history around a folder that is in a repository; None if it does."""
        return refusal(folder)

    def attributed(self, differences: Sequence[Difference], root: Path) -> tuple[Difference, ...]:
        """The differences with who declared their lines; unchanged if git does not know them."""
        return attributed(differences, root)
