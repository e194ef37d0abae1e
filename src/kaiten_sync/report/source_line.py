"""A source line for a terminal, with a pointer below one of its columns. Stage 7."""

from __future__ import annotations

import unicodedata

from kaiten_sync.report.safe_text import safe_text

WIDTH = 100
"""Characters of a source line that are shown: what fits beside the gutter of most terminals."""

_BEFORE = 60
"""Characters that are kept before the column when a line is cut."""

_CUT = "…"
_WIDE = frozenset("WF")
_INVISIBLE = frozenset({"Mn", "Me"})


def excerpt(line: str, column: int) -> tuple[str, str]:
    """The part of a line around a column (from 1), and the line with the pointer below it."""
    start = max(0, column - 1 - _BEFORE) if len(line) > WIDTH else 0
    end = start + WIDTH
    head = _CUT if start else ""
    tail = _CUT if end < len(line) else ""
    shown = head + safe_text(line[start:end], in_place=True) + tail
    before = head + line[start : min(column - 1, len(line))]
    return shown, "".join(_blank(character) for character in before) + "^"


def _blank(character: str) -> str:
    """As much room as the character takes: a tab stays one, so that it ends where it does."""
    if character == "\t":
        return character
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    return "  " if unicodedata.east_asian_width(character) in _WIDE else " "
