"""Texts as HTML can contain them and as browsers send them back."""

from __future__ import annotations

import re

_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""Source: the HTML standard, preprocessing the input stream."""

_TURNS = re.compile(
    "[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""Scripts that are written from right to left, and controls. Source: Unicode, annex 9."""

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_NO_ISOLATES = dict.fromkeys(range(0x2066, 0x206A))
"""One that ends in the text, and did not begin there, would end ours."""


def showable(text: str) -> str:
    """The text without what HTML cannot contain, escaped or not: controls and noncharacters."""
    return _NO_CHARACTER.sub("\ufffd", text)


def isolated(text: str) -> str:
    """The text within a sentence of ours, whose words keep their places.

    What is written from right to left, or asks for that, would draw the words after it along.
    """
    if not _TURNS.search(text):
        return text
    return f"{_FIRST_STRONG_ISOLATE}{text.translate(_NO_ISOLATES)}{_POP_ISOLATE}"


def with_line_feeds(text: str) -> str:
    """The text with the line ends that were typed: browsers send every one as CR and LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def is_same(sent: str, shown: str, *, has_lines: bool) -> bool:
    """Whether a field was sent as it was shown, in spite of what a browser makes of a text.

    A field without lines loses its line ends, and the last line end of a text means nothing.
    """
    sides = [with_line_feeds(showable(each)) for each in (sent, shown)]
    if has_lines:
        sides = [each.removesuffix("\n") for each in sides]
    else:
        sides = [each.replace("\n", "") for each in sides]
    return sides[0] == sides[1]
