"""Numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.licensing.quantities import MAX_QUANTITY, closest_spelling, parse_quantity

READ = [
    ("50k", (), 50_000),
    ("1_000_000", (), 1_000_000),
    ("1.5M", (), 1_500_000),
    ("2Ki", (), 2048),
    ("10 k", (), 10_000),
    ("0k", (), 0),
    ("10GB", ("byte", "bytes"), 10 * 10**9),
    ("3GiB", ("B", "B"), 3 * 2**30),
    ("10GB", ("GB", "GB"), 10),
    ("2TB", ("GB", "GB"), 2000),
    ("3TiB", ("GiB", "GiB"), 3072),
    ("200calls", ("call", "calls"), 200),
    ("1 call", ("call", "calls"), 1),
    ("5kcalls", ("call", "calls"), 5000),
    ("5k", ("call", "calls"), 5000),
    ("3Mails", ("Mail", "Mails"), 3),
    ("9007199254740992", (), MAX_QUANTITY),
]
REFUSED = [
    ("", (), "not a number"),
    ("k", (), "not a number"),
    ("-5k", (), "not a number"),
    ("1e6", (), "not a number"),
    ("1_", (), "not a number"),
    ("1__0", (), "not a number"),
    ("٣k", (), "not a number"),
    ("9" * 100, (), "not a number"),
    ("1.5", (), "is 1.5"),
    ("0.0001k", (), "is 0.1"),
    ("500MB", ("GB", "GB"), "is 0.5"),
    ("9007199254740993", (), "2^53"),
    ("99P", (), "2^53"),
    ("10GB", (), "declares no unit"),
    ("50K", ("call", "calls"), "neither a prefix"),
    ("10GB", ("call", "calls"), "neither a prefix"),
    ("10ails", ("Mail", "Mails"), "neither a prefix"),
]
MEANT = [
    ("50K", (), "50k"),
    ("10gb", ("B", "B"), "10GB"),
    ("1,000", (), "1000"),
    ("1 000 000", (), "1000000"),
    ("1'000k", (), "1000k"),
    ("3gib", ("byte", "bytes"), "3GiB"),
    ("5m", (), "5M"),
    ("many", (), None),
    ("10GB", (), None),
    ("", (), None),
    ("1,5", (), None),
]


@pytest.mark.parametrize(("text", "units", "value"), READ)
def test_a_quantity_is_read(text: str, units: tuple[str, ...], value: int) -> None:
    assert parse_quantity(text, units) == value


@pytest.mark.parametrize(("text", "units", "why"), REFUSED)
def test_what_is_not_a_whole_quantity_is_refused(
    text: str, units: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ValueError, match=why.replace("^", r"\^")):
        parse_quantity(text, units)


@pytest.mark.parametrize(("text", "units", "right"), MEANT)
def test_the_right_spelling_is_proposed(
    text: str, units: tuple[str, ...], right: str | None
) -> None:
    assert closest_spelling(text, units) == right


@given(st.integers(0, MAX_QUANTITY), st.sampled_from(["", "_"]))
def test_every_exact_integer_is_read_with_and_without_separators(value: int, sign: str) -> None:
    assert parse_quantity(f"{value:,}".replace(",", sign)) == value


@given(st.text(max_size=12), st.lists(st.text(max_size=5), max_size=2))
def test_any_text_is_a_number_or_refused(text: str, units: list[str]) -> None:
    proposed = closest_spelling(text, units)
    if proposed is not None:
        assert parse_quantity(proposed, units) >= 0
