"""A source line for a terminal, with a pointer below one of its columns. Stage 7."""

from __future__ import annotations

import unicodedata

WIDTH = 100
"""Characters of a source line that are shown: what fits beside the gutter of most terminals."""

_BEFORE = 60
"""Characters that are kept before the column when a line is cut."""

_CUT = "…"
_REPLACEMENT = "�"
_WIDE = frozenset("WF")
_INVISIBLE = frozenset({"Mn", "Me"})
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories that can move the cursor, change colours or reverse the reading direction."""


def excerpt(line: str, column: int) -> tuple[str, str]:
    """The part of a line around a column (from 1), and the line with the pointer below it."""
    start = max(0, column - 1 - _BEFORE) if len(line) > WIDTH else 0
    end = start + WIDTH
    head = _CUT if start else ""
    tail = _CUT if end < len(line) else ""
    shown = head + printable(line[start:end], keep_tabs=True) + tail
    before = head + line[start : min(column - 1, len(line))]
    return shown, "".join(_blank(character) for character in before) + "^"


def printable(text: str, *, keep_tabs: bool = False) -> str:
    """Text without anything that a terminal would act on."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_safe(character, keep_tabs) for character in text)


def _safe(character: str, keep_tabs: bool) -> str:
    if character == "\t" and keep_tabs:
        return character
    return _REPLACEMENT if unicodedata.category(character) in _UNSAFE else character


def _blank(character: str) -> str:
    """As much room as the character takes: a tab stays one, so that it ends where it does."""
    if character == "\t":
        return character
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    return "  " if unicodedata.east_asian_width(character) in _WIDE else " "
