"""What the compiled check of a request takes, the thorough one takes as well, and the other way."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kaiten_sync.server.web.catalog import OPERATIONS, SCHEMAS
from kaiten_sync.server.web.check import RequestCheck, ValueCheck, parameter_check

CHECK = RequestCheck(SCHEMAS)
BODIES = sorted({operation.body for operation in OPERATIONS if operation.body})
PARAMETERS = [query.schema for operation in OPERATIONS for query in operation.query]

TEXTS = [
    *("", " ", "a", "a-b", "a-b\n", "A", "-a", "a-", "a" * 64, "a" * 256, "a" * 10_001, "ü-b"),
    *("\n", "\x1c", "\x85", "\u200b", "\ufeff", "\u2028", "\u3164", "\U000e0020", "x\u200b", "\0"),
    *(
        "a.b",
        "a.b\n",
        "lucide:rocket",
        "lucide:rocket\n",
        "a:b:c",
        "https://a.b/c",
        "http://",
        "٣-a",
    ),
    *(
        "number",
        "boolean",
        "object",
        "append",
        "replace",
        "NUMBER",
        "PAID",
        "month",
        "read:licenses",
    ),
    *("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+14:00", "2026-02-30T00:00:00Z", "2026-01-31"),
    *(
        "0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2016-12-31T23:59:60Z",
        "2026-01-31T24:00:00Z",
    ),
]
NUMBERS = [
    *(0, -0.0, 1, -1, 0.5, 1.0, 1e300, 100, 101, 2**31 - 1, 2**31, -(2**31) - 1, 2**31 + 0.0),
    *(2**53, 2**53 + 1, 2**64, -(2**64), 10**30),
]
SCALARS = st.sampled_from([*TEXTS, *NUMBERS, True, False, None])
TAGGED = st.fixed_dictionaries(
    {}, optional={"type": SCALARS, "value": SCALARS | st.just({"a": [1]}), "event_count": SCALARS}
)
VALUES = SCALARS | TAGGED | st.lists(SCALARS | TAGGED, max_size=3)


def is_the_same_for_both(check: ValueCheck, value: Any) -> bool:
    found = check._compiled.is_valid(value)
    return bool(found == (next(check._thorough.iter_errors(value), None) is None))


@settings(max_examples=300)
@given(st.sampled_from(BODIES), st.data())
def test_bodies_are_judged_alike(name: str, data: st.DataObject) -> None:
    names = [*SCHEMAS[name].get("properties", {}), "more"]
    body = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)) | VALUES)
    assert is_the_same_for_both(CHECK._check(name), body)


@given(st.sampled_from(BODIES), st.data())
def test_each_property_is_judged_alike(name: str, data: st.DataObject) -> None:
    """One at a time, so that no other problem hides what the two think of it."""
    # Without what is missing, which says the same of every value.
    schema: Any = CHECK._check(name)._thorough.schema
    check = ValueCheck({key: value for key, value in schema.items() if key != "required"})
    for each in SCHEMAS[name].get("properties", {}):
        assert is_the_same_for_both(check, {each: data.draw(VALUES)}), each


@given(st.sampled_from(PARAMETERS), SCALARS | st.lists(SCALARS, max_size=3))
def test_parameters_are_judged_alike(schema: Any, value: Any) -> None:
    assert is_the_same_for_both(parameter_check(schema), value)
