"""Text that is written from right to left, kept apart from the text around it.

What is between two such texts, like the arrow in `old → new`, would be drawn in their direction,
and the second would be read as the first. Source: Unicode, annex 9.
"""

from __future__ import annotations

import re

_TURNS = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Scripts that are written from right to left, and controls."""

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_NO_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
"""One that ends in the text, and did not begin there, would end ours."""


def isolated(text: str) -> str:
    """The text within a line of ours, whose words keep their places."""
    if not _TURNS.search(text):
        return text
    return f"{_FIRST_STRONG_ISOLATE}{text.translate(_NO_ISOLATES)}{_POP_ISOLATE}"
