"""Texts that people read, such as names: a blank one could be neither seen nor clicked."""

from __future__ import annotations

from collections.abc import Mapping

from kaiten_sync.model.value import Json

NOT_BLANK = (
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u115f\u1160\u1680\u180e\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u2800\u3000\u3164\ufeff\uffa0]"
)
"""Any character that is neither a blank, nor a control, nor without a form. All of them are listed:
engines differ in what they call white space."""


def readable_limits(max_length: int | None = None) -> Mapping[str, Json]:
    """JSON Schema keywords of a text that people read."""
    longest = {} if max_length is None else {"maxLength": max_length}
    return {**longest, "pattern": NOT_BLANK}


def readable_words(name: str) -> Mapping[str, str]:
    """The diagnostic of a blank or empty one."""
    return {"patternErrorMessage": f"`{name}` must not be blank", "x-rule": "text-length"}
