"""Reads files from a git repository's history, through the `git` program. Writes nothing."""

from kaiten_sync.git.history import GitHistory

__all__ = ["GitHistory"]
