"""Types that an operator does not take are named as an expression writes them, with the way out."""

from __future__ import annotations

from itertools import product

import pytest

from kaiten_sync.expressions import Language, Unjudged, check, judge

VALUES = {
    "int": "7",
    "double": "0.5",
    "string": "'x'",
    "timestamp": "timestamp('2026-01-01T00:00:00Z')",
    "duration": "duration('24h')",
}
TYPED = Language(variables={f"the.{type_}": type_ for type_ in VALUES if type_ != "duration"})
LATER = "timestamp('2027-01-01T00:00:00Z')"
MISTAKES = [
    ("1.0 * the.int > 0.05", "'*' does not take (double, int); convert the int with double()"),
    ("the.int > 0.5", "'>' does not take (int, double); convert the int with double()"),
    ("the.double % 2 == 0", "'%' does not take (double, int); convert the double with int()"),
    ("'n' + the.int == 'n1'", "'+' does not take (string, int); convert the number with string()"),
    (
        "the.timestamp < '2027-01-01'",
        f"'<' does not take (timestamp, string); write the time as {LATER}",
    ),
    (
        "the.timestamp - the.timestamp > 1",
        "'>' does not take (duration, int); write the time span as duration('24h')",
    ),
    ("the.int == null", "'==' does not take (int, null)"),
    ("the.int && true", "'&&' does not take (int, bool)"),
]
RIGHT = {
    "double()": lambda types: " {0} ".join(
        f"double({VALUES[each]})" if each == "int" else VALUES[each] for each in types
    ),
    "int()": lambda types: " {0} ".join(f"int({VALUES[each]})" for each in types),
    "string()": lambda types: " {0} ".join(f"string({VALUES[each]})" for each in types),
    "timestamp(": lambda types: " {0} ".join([VALUES["timestamp"]] * 2),
    "duration(": lambda types: " {0} ".join(
        VALUES["duration" if each == "int" else each] for each in types
    ),
}
"""The two sides as each hint says to write them; `{0}` is the operator."""


OPERATORS = ("+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=")
PAIRS = list(product(OPERATORS, product(VALUES, repeat=2)))


def mistakes(*expressions: str) -> list[str | None]:
    """The first mistake of each."""
    found = check(expressions, TYPED)
    return [each.mistakes[0].message if each.mistakes else None for each in found]


@pytest.mark.parametrize(("expression", "message"), MISTAKES)
def test_a_check_names_types_and_the_way_out(expression: str, message: str) -> None:
    assert mistakes(expression) == [message]


def test_a_check_and_a_judgment_say_the_same_of_types() -> None:
    """A value of a map has its type only when it is judged."""
    sides = [(f"{VALUES[one]}", f"{VALUES[two]}", by) for by, (one, two) in PAIRS]
    checked = mistakes(*(f"dyn({one} {by} {two}) == dyn(1)" for one, two, by in sides))
    judged = judge([f"dyn({one}) {by} dyn({two}) == dyn(1)" for one, two, by in sides], TYPED, [{}])
    wrong = [
        (said, answer.reason)
        for said, (answer,) in zip(checked, judged, strict=True)
        # CEL compares numbers of any type, and anything for equality, once it has values.
        if isinstance(answer, Unjudged)
    ]
    assert len(wrong) > 100
    for said, reason in wrong:
        assert said == reason


def test_every_way_out_is_right() -> None:
    written = [f"dyn({VALUES[one]} {by} {VALUES[two]}) == dyn(1)" for by, (one, two) in PAIRS]
    right = {}
    for (operator, types), said in zip(PAIRS, mistakes(*written), strict=True):
        if said is not None:
            assert said.startswith(f"'{operator}' does not take ({', '.join(types)})")
            way = next((way for way in RIGHT if f" {way}" in said.partition(";")[2]), None)
            assert (way is None) == (";" not in said)
            if way is not None:
                sides = RIGHT[way](types).format(operator)
                right[f"dyn({sides}) == dyn(1)"] = way
    assert set(right.values()) == set(RIGHT)
    assert mistakes(*right) == [None] * len(right)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("m.a && true", "'&&' takes only true or false"),
        ("m.a || false", "'||' takes only true or false"),
        ("m.a ? true : false", "'?' takes only true or false"),
        ("!m.a", "'!' takes only true or false"),
        ("m.s in m.a", "'in' does not take these types"),
        ("m.s.startsWith(m.a)", "'startsWith' does not take (string, int)"),
        ("m.z > 1", 'there is no key "z"; test with has() or in'),
        ("m.a.z > 1", "a value that is not a map has no fields"),
        ("m.a['z'] > 1", "a value that is not a map has no fields"),
        ("m.l[2] > 1", "there is no item 2 in a list of 1"),
        ("m.l[-1] > 1", "there is no item -1 in a list of 1"),
        (
            "timestamp(m.s) > timestamp('2027-01-01T00:00:00Z')",
            "a text is not a time, as '2027-01-01T00:00:00Z' is",
        ),
        ("duration(m.s) > duration('1s')", "a text is not a time span, as '24h' is"),
        ("bool(m.s)", "cannot convert string to bool"),
    ],
)
def test_values_that_do_not_fit_are_named_in_plain_words(expression: str, reason: str) -> None:
    language = Language(variables={"m": "dyn"})
    ((answer,),) = judge([expression], language, [{"m": {"a": 1, "l": [1], "s": "x"}}])
    assert answer == Unjudged(reason=reason)
