"""Texts as HTML can contain them and as browsers send them back."""

from __future__ import annotations

import re

_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""Source: the HTML standard, preprocessing the input stream."""


def showable(text: str) -> str:
    """The text without what HTML cannot contain, escaped or not: controls and noncharacters."""
    return _NO_CHARACTER.sub("\ufffd", text)


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
