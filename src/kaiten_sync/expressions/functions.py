"""The functions that expressions have besides CEL's own. Patterns and addresses are texts here."""

from __future__ import annotations

from fnmatch import fnmatchcase


def glob(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern, part by part between the slashes.

    `*` and `?` match inside a part, and `**` at the end everything below: `license/*/grant/seats`,
    `license/growth/**`.
    """
    parts, wanted = text.split("/"), pattern.split("/")
    if wanted[-1] == "**":
        wanted.pop()
        if len(parts) <= len(wanted):
            return False
        parts = parts[: len(wanted)]
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def within(text: str, outer: str) -> bool:
    """Whether an address is another one, or inside it: `license/growth` includes its grants."""
    return text == outer or text.startswith(f"{outer}/")
