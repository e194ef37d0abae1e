"""Texts in which nobody sees anything: the client and the server name the same characters."""

from __future__ import annotations

import re
import unicodedata

import pytest

from kaiten_sync.kinds.readable import NOT_BLANK
from kaiten_sync.server.domain.readable import READABLE_PATTERN

_IGNORABLE = (
    "ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f \
feff ffa0 fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff"
)
"""Unicode's `Default_Ignorable_Code_Point`, which Python does not know."""


def blanks() -> str:
    found = ["\u2800"]
    for part in _IGNORABLE.split():
        first, _, last = part.partition("-")
        found += map(chr, range(int(first, 16), int(last or first, 16) + 1))
    spaces = ("Cc", "Zs", "Zl", "Zp")
    return "".join(found) + "".join(
        each for each in map(chr, range(0x10000)) if unicodedata.category(each) in spaces
    )


@pytest.mark.parametrize("pattern", [NOT_BLANK, READABLE_PATTERN], ids=["client", "server"])
def test_a_text_is_readable_if_a_character_of_it_can_be_seen(pattern: str) -> None:
    assert [hex(ord(each)) for each in blanks() if re.search(pattern, each)] == []
    assert not re.search(pattern, blanks())
    for seen in ("a", "é", "\u0301", "中", "\U0001f680", "\U00020000", "\u0600", "-"):
        assert re.search(pattern, f"{blanks()}{seen}"), seen
        assert re.search(pattern, f"{seen}\n"), seen
