"""Text from outside, made harmless. Stage 7.

Names, messages and addresses come from servers and files that others write. Nothing in them may
move a cursor, change a colour, reverse the reading direction or start a new line.
"""

from __future__ import annotations

import json
import re

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]"
)
"""Terminal escape sequences. Source: ECMA-48, sections 5.3 to 5.6."""

_REPLACEMENT = "�"


def safe_text(text: str) -> str:
    """Text on one line that only shows characters.

    Escape sequences go; other whitespace becomes a space; what is invisible or acts on its
    neighbours (controls, bidirectional overrides, lone surrogates) becomes `�`.
    """
    if text.isprintable():
        return text
    return "".join(map(_safe, _ESCAPE_SEQUENCE.sub("", text)))


def escaped(text: str) -> str:
    r"""The inside of a JSON string on one line: what `safe_text` would change is `\u....`."""
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    return visible(inside)


def visible(json_text: str) -> str:
    r"""JSON text in which every character can be seen, the others as `\u....`."""
    if json_text.isprintable():
        return json_text
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in json_text)


def _safe(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else _REPLACEMENT
