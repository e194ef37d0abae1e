"""What unquoted scalars mean."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from kaiten_sync.declare.scalars import resolve_plain
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Scalar

NEVER_PLAIN = {"!", "&", "*"}
"""PyYAML resolves them, although no parser gives them."""

RESOLVER: Any = yaml.SafeLoader("")

VALUES: list[tuple[str, Scalar]] = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("0", 0),
    ("-0", 0),
    ("-1", -1),
    ("1000", 1000),
    ("9007199254740992", 2**53),
    ("0.5", 0.5),
    ("1.0", 1.0),
    ("+1", 1),
    ("+1.5", 1.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("1_000", 1000),
    ("1_000_000", 1_000_000),
    ("1.0E-3", 0.001),
    ("1.5e+3", 1500.0),
    ("Growth", "Growth"),
    ("growth-2024", "growth-2024"),
    ("1.2.3", "1.2.3"),
    ("v1", "v1"),
    ("1 000", "1 000"),
    ("30%", "30%"),
    ("-", "-"),
    ("yesterday", "yesterday"),
    ("none", "none"),
    ("nullable", "nullable"),
    ("1e", "1e"),
    ("0x", "0x"),
]

FAULTS = [
    ("ambiguous-scalar", "y n Y N yes no Yes No YES NO on off On Off ON OFF True FALSE Null NULL"),
    ("ambiguous-scalar", "010 08 0o17 0O17 0x1F 0b10 1_00 10_00_000 0_100 1:30 12:30:45 -1:30.5"),
    ("ambiguous-scalar", "1e6 12e03 1E-3 1.5e3 -.5 +.5 1_000.5"),
    ("ambiguous-scalar", "2024-01-01 2024-1-1 2024-01-01T10:00:00Z = <<"),
    ("non-finite-number", ".inf -.inf +.Inf .NaN .nan 1e400 -1e999"),
    ("number-too-large", "9007199254740993 -9007199254740993 " + "9" * 10_000),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_what_all_readers_read_alike_has_that_value(text: str, value: Scalar) -> None:
    read = resolve_plain(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(("rule", "text"), [(r, t) for r, texts in FAULTS for t in texts.split()])
def test_what_readers_read_differently_must_be_quoted(rule: str, text: str) -> None:
    fault = resolve_plain(text)
    assert isinstance(fault, Diagnostic)
    assert fault.rule == rule
    assert len(fault.message) < 120


NUMBER_LIKE = st.text(st.sampled_from("01289+-.:_eExXobaTtZ~=<nulIinfNa "), min_size=1, max_size=9)


@given(NUMBER_LIKE | st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_text_here_is_text_to_yaml_1_1_as_well(text: str) -> None:
    if resolve_plain(text) == text and text not in NEVER_PLAIN:
        tag = RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        assert tag == "tag:yaml.org,2002:str"


@given(st.integers(-(2**53), 2**53))
def test_every_exact_integer_is_read(number: int) -> None:
    assert resolve_plain(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read(number: float) -> None:
    text = yaml.safe_dump(number).partition("\n")[0]
    assert resolve_plain(text) == number


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1e6", "write 1000000,"),
        ("1_00", "write 100,"),
        ("12e03", "write 12000,"),
        ("010", "write 10, or 8 if octal is meant,"),
        ("0190", "write 190, or quote"),
        ("0x10", "write 16,"),
        ("0o17", "write 15,"),
    ],
)
def test_the_plain_spelling_of_a_number_is_proposed(text: str, hint: str) -> None:
    fault = resolve_plain(text)
    assert isinstance(fault, Diagnostic)
    assert fault.hint
    assert hint in fault.hint


@given(NUMBER_LIKE)
@example("1_")
@example("1__0")
def test_a_number_here_is_that_number_to_yaml_1_1(text: str) -> None:
    value = resolve_plain(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        assert yaml.safe_load(text) == value
