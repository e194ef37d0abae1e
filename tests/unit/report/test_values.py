"""One value on one line, and text that cannot act."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.unit.report.strategies import sides, texts, without_isolates

from kaiten_sync.model.value import ABSENT, Absent, Json
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import pair_texts, value_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (ABSENT, ""),
        (None, "null"),
        (True, "true"),
        (1000, "1000"),
        (0.5, "0.5"),
        ("For teams, big and small", "For teams, big and small"),
        ("3 seats", "3 seats"),
        ("unlimited", "unlimited"),
        ("", '""'),
        (" x", '" x"'),
        ("null", '"null"'),
        ("1000", '"1000"'),
        ("-1.5e3", '"-1.5e3"'),
        ("true", '"true"'),
        ("a → b", '"a → b"'),
        ('"quoted"', '"\\"quoted\\""'),
        ("two\nlines", '"two\\nlines"'),
        ("\x1b[31mred", '"\\u001b[31mred"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("\U000e0001", '"\\udb40\\udc01"'),
        ([], "[]"),
        ({"theme": "dark", "n": [1, None]}, '{"n": [1, null], "theme": "dark"}'),
        ({"a": "\u202e"}, '{"a": "\\u202e"}'),
    ],
)
def test_a_value_reads_as_what_it_is(value: Json | Absent, shown: str) -> None:
    assert value_text(value) == shown


def test_a_long_value_is_cut_in_the_middle_and_says_by_how_much() -> None:
    shown = value_text("a" * 500_000 + "b" * 500_000, 40)
    assert shown == "a" * 26 + "…[999,964 more]…" + "b" * 10


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (ABSENT, 1, (None, "1")),
        (None, "x", ("null", "x")),
        (1000, "unlimited", ("1000", "unlimited")),
        ("1000", 1000, ('"1000"', "1000")),
    ],
)
def test_two_sides(
    before: Json | Absent, after: Json | Absent, shown: tuple[str | None, str | None]
) -> None:
    assert pair_texts(before, after) == shown


def test_long_values_that_differ_in_the_middle_are_shown_where_they_differ() -> None:
    one, other = "a" * 5000 + "X" + "b" * 5000, "a" * 5000 + "Y" + "b" * 5000
    shown_one, shown_other = pair_texts(one, other, 40)
    assert shown_one == "…[4,990 more]…" + "a" * 10 + "X" + "b" * 29 + "…[4,971 more]…"
    assert shown_other == (shown_one or "").replace("X", "Y")


@given(sides, sides)
def test_a_value_is_one_line_of_visible_characters(
    one: Json | Absent, other: Json | Absent
) -> None:
    shown = [value_text(one), *(side for side in pair_texts(one, other) if side is not None)]
    for text in shown:
        assert without_isolates(text).isprintable()
        assert len(text) <= 80 * 6 + 40


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("API Calls", "API Calls"),
        ("日本語 ü", "日本語 ü"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.com\x07link\x1b]8;;\x1b\\", "link"),
        ("a\r\nb\tc\u00a0d", "a  b c d"),
        ("a\u202eb\x00\x9b\ud800", "a�b���"),
    ],
)
def test_text_from_outside_cannot_act(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@given(texts)
def test_safe_text_is_printable_and_stays_what_it_is(text: str) -> None:
    once = safe_text(text)
    assert without_isolates(once).isprintable()
    assert safe_text(once) == once


INVISIBLE = [
    "\u00ad",
    "\u034f",
    "\u115f",
    "\u180b",
    "\u200b",
    "\u200d",
    "\u2060",
    "\u2800",
    "\u3164",
    "\ufe0f",
    "\uffa0",
    "\U000e0101",
    "\U000e0041",
]


@pytest.mark.parametrize("character", INVISIBLE)
def test_texts_that_look_the_same_are_told_apart(character: str) -> None:
    for before, after in (("AB", f"A{character}B"), (f"AB{character}", "AB")):
        one, other = pair_texts(before, after)
        assert one is not None
        assert other is not None
        assert "\\u" in one + other
        assert character not in one + other


def test_a_character_that_makes_a_picture_stays_where_the_texts_look_different() -> None:
    assert pair_texts("A \u2764\ufe0f", "B \u2764\ufe0f") == ("A \u2764\ufe0f", "B \u2764\ufe0f")
