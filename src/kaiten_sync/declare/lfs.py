"""Pointers of Git LFS, which are in the place of files whose content is elsewhere. Stage 1.

A checkout without LFS has them, and git's history has nothing else. Source: Git LFS, docs/spec.md.
"""

from __future__ import annotations

_BEGINNING = "version https://git-lfs.github.com/spec/"

LFS_POINTER = "this is a pointer of Git LFS, and not the file itself"

LFS_HINT = "run `git lfs pull`, or let the checkout fetch LFS (actions/checkout: `lfs: true`)"


def is_lfs_pointer(text: str) -> bool:
    """Whether a file is a pointer. Nothing that is declared, and no plan, begins like one."""
    return text.startswith(_BEGINNING)
