"""Texts that people read, such as names: a blank one could be neither seen nor clicked."""

from __future__ import annotations

_BLANK = (
    r"\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""White space, controls, and characters without a form, each listed: engines differ in them.

Source: Unicode 15, `White_Space`, `Default_Ignorable_Code_Point`, `Cc`; U+2800; U+FFF9 to U+FFFB.
Beyond U+FFFF there is no escape that all engines read.
"""

READABLE_PATTERN = rf"^[{_BLANK}]*[^{_BLANK}][\s\S]*$"
"""A text with a character that can be seen."""
