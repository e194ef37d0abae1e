"""Numbers as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.licensing.quantities import (
    MAX_QUANTITY,
    Unit,
    closest_spelling,
    parse_quantity,
    quantity_text,
    shortest_quantity,
)

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


BYTES, GB, CALLS = ("B", "B"), ("GB", "GB"), ("call", "calls")
SHOWN = [
    (1000, ("", ""), "1,000"),
    (0, CALLS, "0 calls"),
    (1, CALLS, "1 call"),
    (50_000, CALLS, "50,000 calls"),
    (0.5, ("", ""), "0.5"),
    (-1234.5, ("", ""), "-1,234.5"),
    (10, GB, "10 GB"),
    (2000, GB, "2 TB"),
    (0.5, GB, "500 MB"),
    (10**10, BYTES, "10 GB"),
    (10**10, ("byte", "bytes"), "10 GB"),
    (8_500_000_000, BYTES, "8.5 GB"),
    (3 * 2**30, BYTES, "3 GiB"),
    (1_234_567, BYTES, "1,234,567 B"),
    (0, BYTES, "0 B"),
    (1, BYTES, "1 B"),
    (500, ("Mbit", "Mbit"), "500 Mbit"),
    (3072, ("GiB", "GiB"), "3 TiB"),
    (3_000_000, ("Mail", "Mails"), "3,000,000 Mails"),
    (0.1 + 0.2, ("", ""), "0.30000000000000004"),
    (1e300, ("", ""), "1e+300"),
]


@pytest.mark.parametrize(("value", "unit", "text"), SHOWN)
def test_numbers_are_shown_with_separators_and_units(value: float, unit: Unit, text: str) -> None:
    assert quantity_text(value, unit) == text


def test_an_average_is_shown_with_few_digits() -> None:
    assert quantity_text(0.1 + 0.2, digits=6) == "0.3"
    assert quantity_text(1e-9, digits=6) == "0"


SHORTEST = [
    (0, ("", ""), "0"),
    (500, ("", ""), "500"),
    (1234, ("", ""), "1234"),
    (50_000, CALLS, "50k"),
    (1_500_000, CALLS, "1500k"),
    (2048, ("", ""), "2Ki"),
    (10**10, BYTES, "10GB"),
    (3 * 2**30, BYTES, "3GiB"),
    (2000, GB, "2TB"),
    (10, GB, "10"),
]


@pytest.mark.parametrize(("value", "unit", "text"), SHORTEST)
def test_the_shortest_spelling_of_a_number(value: int, unit: Unit, text: str) -> None:
    assert shortest_quantity(value, unit) == text


@given(
    st.integers(0, MAX_QUANTITY)
    | st.builds(lambda n, f: n * f, st.integers(0, 999), st.sampled_from([10**3, 10**9, 2**20])),
    st.sampled_from(
        [("", ""), BYTES, GB, CALLS, ("byte", "bytes"), ("GiB", "GiB"), ("bit", "bits")]
    ),
)
def test_the_shortest_spelling_reads_as_the_same_number(value: int, unit: Unit) -> None:
    text = shortest_quantity(value, unit)
    assert parse_quantity(text, unit) == value
    assert len(text) <= len(str(value))
