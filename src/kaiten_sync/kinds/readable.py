"""Texts that people read, such as names: a blank one could be neither seen nor clicked."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.model.value import Json

NOT_BLANK = (
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    r"\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Any character that is neither a blank, nor a control, nor without a form. All of them are listed:
engines differ in what they call white space.

Source: Unicode 15, `White_Space`, `Default_Ignorable_Code_Point`, `Cc`; U+2800, a Braille pattern
without a dot; and U+FFF9 to U+FFFB, which mark annotations. Beyond U+FFFF there is no escape that
all engines read.
"""


def readable_limits(max_length: int | None = None) -> Mapping[str, Json]:
    """JSON Schema keywords of a text that people read."""
    longest = {} if max_length is None else {"maxLength": max_length}
    return {**longest, "pattern": NOT_BLANK}


def readable_words(name: str) -> Mapping[str, str]:
    """The diagnostic of a blank or empty one."""
    return {"patternErrorMessage": f"`{name}` must not be blank", "x-rule": "text-length"}
