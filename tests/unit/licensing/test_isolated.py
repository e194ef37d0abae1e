"""Texts that are written from right to left, within lines of ours."""

from __future__ import annotations

import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.licensing import isolated

_PLAIN = {"", "L", "EN", "ES", "ET", "CS", "NSM", "BN", "B", "S", "WS", "ON"}
"""Classes of characters that draw no words along. Source: Unicode, annex 9, table 4."""

_OPENING, _CLOSING = "\u2066\u2067\u2068", "\u2069"


def test_every_character_that_turns_words_is_kept_apart() -> None:
    turning = [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.bidirectional(char) not in _PLAIN
    ]
    assert [char for char in turning if isolated(char) == char] == []


@given(st.text(st.sampled_from("aZ1 ?\u05d0\u0661\u202d\u202e\u2066\u2067\u2068\u2069")))
def test_it_begins_and_ends_once(text: str) -> None:
    found = isolated(text)
    if found != text:
        assert (found[0], found[-1]) == ("\u2068", _CLOSING)
        assert not set(found[1:-1]) & {*_OPENING, _CLOSING}


@given(st.text(st.characters(max_codepoint=0x17F) | st.sampled_from("\u4e2d\U0001f600")))
def test_other_names_stay_as_they_are(name: str) -> None:
    assert isolated(name) == name
