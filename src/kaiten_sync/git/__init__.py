"""Reads files from a git repository's history, through the `git` program. Writes nothing."""
