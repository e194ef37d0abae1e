"""Where in a YAML file a place inside a text is. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.source import SourceRef

_OPENING = "'\"|>"


def place_inside(lines: Sequence[str], start: SourceRef, text: str, offset: int) -> SourceRef:
    """The place of a text's character, of which `start` is the beginning in the file.

    Works for plain, quoted, literal and folded scalars, because whatever differs between a text
    and how YAML writes it are spaces, quotes and ends of lines: the others come in the same order.
    Returns the beginning if an escape hides a character.
    """
    line, column = start.line - 1, start.column - 1
    source = lines[line] if line < len(lines) else ""
    opening = source[column : column + 1]
    if opening in ("|", ">"):
        line, column = line + 1, 0
    elif opening and opening in _OPENING:
        column += 1
    # Without spaces: folding and indentation change them, and nothing else.
    for character in "".join(text[: offset + 1].split()) or text[:1]:
        while line < len(lines) and (found := lines[line].find(character, column)) < 0:
            line, column = line + 1, 0
        if line >= len(lines):
            return start
        column = found + 1
    is_at_space = offset >= len(text) or text[offset].isspace()
    return SourceRef(start.file, line + 1, column + (1 if is_at_space else 0), start.through)
