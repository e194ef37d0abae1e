"""Texts that people read, such as names: a blank one could be neither seen nor clicked."""

from __future__ import annotations

_BLANK = (
    r"\u0000-\u0020\u007f-\u00a0\u00ad\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0"
)
"""White space, controls, and characters without a form, each listed: engines differ in them."""

READABLE_PATTERN = rf"^[{_BLANK}]*[^{_BLANK}][\s\S]*$"
"""A text with a character that can be seen."""
