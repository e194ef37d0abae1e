"""Numbers as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.kinds.schema import catalog_schema
from kaiten_sync.licensing.quantities import (
    MAX_QUANTITY,
    Unit,
    parse_quantity,
    quantity_like,
    quantity_text,
    shortest_quantity,
)
from kaiten_sync.licensing.spellings import closest_spelling, quantity_hint

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
    ("5k calls", ("call", "calls"), 5000),
    ("5 k calls", ("call", "calls"), 5000),
    ("5k API requests", ("API request", "API requests"), 5000),
    ("50 vCPU-hours", ("vCPU-hour", "vCPU-hours"), 50),
    ("2k m2", ("m2", "m2"), 2000),
    ("50%", ("%", "%"), 50),
    ("5 e2e tests", ("e2e test", "e2e tests"), 5),
    ("5GB", ("GByte", "GBytes"), 5),
    ("5k", ("M", "M"), 5000),
    ("100 Mbit/s", ("Mbit/s", "Mbit/s"), 100),
    ("1Gbit/s", ("Mbit/s", "Mbit/s"), 1000),
]
REFUSED = [
    ("", (), "not a number"),
    ("k", (), "not a number"),
    ("-5k", (), "not a number"),
    ("1e6", (), "not a number"),
    ("1_", (), "not a number"),
    ("1__0", (), "not a number"),
    ("10_00", (), "not a number"),
    ("0_0", (), "not a number"),
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
    ("5k  calls", ("call", "calls"), "neither a prefix"),
    ("1.500k", (), "as thousands"),
    ("5 M", ("M", "M"), "a prefix as well"),
    ("5e2", ("e2", "e2"), "not a number"),
    ("1/2", (), "not a number"),
    ("5\n", (), "not a number"),
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
    ("1,5GB", ("B", "B"), "1.5GB"),
    ("1,00,000", (), "100000"),
    ("1\u2019000", (), "1000"),
    ("5\u2009000 calls", ("call", "calls"), "5000 calls"),
    ("5 Calls", ("call", "calls"), "5 calls"),
    ("10 gigabytes", ("byte", "bytes"), "10GB"),
    ("10 GBytes", ("B", "B"), "10GB"),
    ("5 million calls", ("call", "calls"), "5M calls"),
    ("50 thousand", (), "50k"),
    ("up to 10 GB / month", ("B", "B"), "10GB"),
    ("10GB per month", ("B", "B"), "10GB"),
    ("+5k", (), "5k"),
    ("10_00k", (), "1000k"),
    ("10_000 calls", ("call", "calls"), "10_000 calls"),
    ("1,500 TB", ("GB", "GB"), "1500TB"),
    ("2tb", ("GB", "GB"), "2TB"),
    (".5k", (), "0.5k"),
    ("5m2", ("km2", "km2"), None),
    ("1,000+", (), "1000"),
    ("10GB (64 GB RAM)", ("GB", "GB"), "10GB"),
    ("100GB included", ("GB", "GB"), "100GB"),
    ("<= 10", (), "10"),
    ("10,", (), "10"),
    ("5/mo.", (), "5"),
    ("24 hours", ("day", "days"), "1"),
    ("2 weeks", ("day", "days"), "14"),
    ("1.5h", ("minute", "minutes"), "90"),
    ("7d", ("hour", "hours"), "168"),
    ("1 month", ("day", "days"), None),
    ("36 hours", ("day", "days"), None),
    ("10GB / member", ("GB", "GB"), None),
    ("5GB\u200b", ("B", "B"), "5GB"),
]
HINTS = [
    ("500MB", ("GB", "GB"), "write 0.5 alone, or declare a smaller unit"),
    ("150.5GB", ("GB", "GB"), "whole number (150 or 151), or declare a smaller unit"),
    ("1.1GiB", ("B", "B"), "(1181116006 or 1181116007), "),
    ("10PB", ("B", "B"), "or `unlimited`"),
    ("-5GB", ("B", "B"), "not negative"),
    ("1.500k", (), "write 1.5k or 1500k"),
    ("50 EUR", (), "no prices"),
    ("5 mails", ("call", "calls"), "of calls"),
    ("10 credits", (), "`unitSingular: credit` and `unitPlural: credits`"),
    ("1.5k credits", (), "`unitSingular: credit` and `unitPlural: credits`"),
    ("100 CU-hours", (), "`unitSingular: CU-hour` and `unitPlural: CU-hours`"),
    ("up to 7 days", (), "`unitSingular: day` and `unitPlural: days`"),
    ("3 entries", (), "`unitSingular: entry` and `unitPlural: entries`"),
    ("1 seat", (), "`unitSingular: seat` and `unitPlural: seats`"),
    ("0.5 GB", (), "write 0.5, without the unit"),
    ("99.95%", (), "write 99.95, without the unit"),
    ("5%", (), '`unitSingular: "%"` and `unitPlural: "%"`'),
    ("5/month", (), "write 5, and `resetPeriod: MONTH` in the entitlement"),
    ("100 GB per day", ("GB", "GB"), "write 100GB, and `resetPeriod: DAY`"),
    (
        "10GB / member",
        ("GB", "GB"),
        "the API does not multiply grants: write the number for one member",
    ),
    ("3 per seat", (), "for one seat"),
    ("5 requests/s", (), "`unitSingular: request/s` and `unitPlural: requests/s`"),
    ("1 month", ("day", "days"), "of days"),
    ("10 GB/s", ("B", "B"), "no period is shorter than an hour"),
    ("5²", (), "such as 1000"),
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


@pytest.mark.parametrize(("text", "units", "hint"), HINTS)
def test_what_means_no_single_number_is_told_what_to_write(
    text: str, units: tuple[str, ...], hint: str
) -> None:
    assert hint in quantity_hint(text, units)


@given(st.from_regex(r"\A[0-9_.]{1,5} ?[kMGi]{0,2}( ?[^0-9]{0,3})?\Z") | st.text(max_size=12))
def test_an_editor_takes_what_is_read(text: str) -> None:
    try:
        parse_quantity(text, ("byte", "bytes"))
    except ValueError:
        return
    value = catalog_schema()["$defs"]["grant"]["properties"]["value"]
    assert text.isdecimal() or "." in text or re.search(value["pattern"], text)


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
    (1000, ("Mbit/s", "Mbit/s"), "1 Gbit/s"),
    (3072, ("GiB", "GiB"), "3 TiB"),
    (95.614, GB, "95.614 GB"),
    (95_614, ("MB", "MB"), "95,614 MB"),
    (0.464, GB, "464 MB"),
    (1.2345, GB, "1,234.5 MB"),
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


def test_a_sum_of_fractions_has_the_prefix_of_what_is_beside_it() -> None:
    total = 0.1 + 0.2 + 95.314
    assert total != 95.614
    assert quantity_text(total, GB, digits=6) == "95.614 GB"


ALIKE = [
    (8, "10GB", GB, "8GB"),
    (2000, "10GB", GB, "2TB"),
    (2500, "10GB", GB, "2.5TB"),
    (500, "1TB", GB, "500GB"),
    (8, "10 GB", GB, "8 GB"),
    (1000, "500MB", ("MB", "MB"), "1GB"),
    (3500, "2 GB", ("MB", "MB"), "3.5 GB"),
    (2 * 10**10, "10GB", BYTES, "20GB"),
    (5, "10GB", ("byte", "bytes"), "5B"),
    (3 * 2**30, "10GiB", ("byte", "bytes"), "3GiB"),
    (10**10, "10GiB", ("byte", "bytes"), "10GB"),
    (4 * 10**9, "10 bytes", ("byte", "bytes"), "4 GB"),
    (60_000, "50k", CALLS, "60k"),
    (1_500_000, "50k", CALLS, "1.5M"),
    (60_123, "50k", CALLS, None),
    (60_000, "50k calls", CALLS, "60k calls"),
    (60_123, "50k calls", CALLS, "60123 calls"),
    (1, "5 calls", CALLS, "1 call"),
    (5, "1 call", CALLS, "5 calls"),
    (50_000, "120 core hours", ("core hour", "core hours"), "50000 core hours"),
    (1000, "500k", ("", ""), "1k"),
    (50_000, "50_000k", ("", ""), "50k"),
    (50_000, "0.05M", ("", ""), "0.05M"),
    (7000, "5_900 calls", CALLS, "7_000 calls"),
    (700, "5_900 calls", CALLS, "700 calls"),
    (1, "5_900calls", CALLS, "1call"),
    (60_123, "5_000_000 calls", CALLS, "60_123 calls"),
    (5, "1000", CALLS, None),
    (5000, "1_000", CALLS, None),
    (5, "unlimited", CALLS, None),
    (0, "10GB", GB, None),
]


@pytest.mark.parametrize(("value", "text", "unit", "alike"), ALIKE)
def test_a_number_is_written_as_another_one_is(
    value: int, text: str, unit: Unit, alike: str | None
) -> None:
    assert quantity_like(value, text, unit) == alike


@given(
    st.integers(0, MAX_QUANTITY)
    | st.builds(lambda n, f: n * f, st.integers(0, 9999), st.sampled_from([10**3, 10**9, 2**20])),
    st.sampled_from(
        [("10GB", GB), ("3 GiB", BYTES), ("5k", CALLS), ("5 k calls", CALLS), ("7B", BYTES)]
    ),
)
def test_what_is_written_as_another_number_is_reads_as_the_same(
    value: int, written: tuple[str, Unit]
) -> None:
    text, unit = written
    alike = quantity_like(value, text, unit)
    assert alike is None or parse_quantity(alike, unit) == value


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
    (5_000_000, ("M", "M"), "5000k"),
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


@given(
    st.integers(0, MAX_QUANTITY),
    st.sampled_from([BYTES, GB, CALLS, ("GByte", "GBytes"), ("Mbit/s", "Mbit/s"), ("%", "%")]),
)
def test_what_is_shown_is_read_or_proposed_as_the_same_number(value: int, unit: Unit) -> None:
    proposed = closest_spelling(quantity_text(value, unit), unit)
    assert proposed is not None
    assert parse_quantity(proposed, unit) == value
