"""Answers are read alike, whether the server spells its JSON as we would or in any other way."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kaiten_sync.api import answers
from kaiten_sync.api.answers import read_json
from kaiten_sync.errors import ServerError

SCALARS = [
    *("null", "true", "0", "-0", "-1", "1.0", "1.5", "1e5", "1E5", "1e16", "1e-7", "1e400", "0.1"),
    *("NaN", "-Infinity", "01", "9007199254740993", "18446744073709551616", "1" * 300, "1" * 301),
    *('""', '"a"', '"a b"', '"\\u0061"', '"\\n"', '"\\u001f"', '"\u007f"', '"ü"', '"\\u00fc"'),
    *('"\\ud800"', '"\\ud83d\\ude00"', '"😀"', '"\\/"', '"<&>"', '"\u2028"', "'a'", "tru", ""),
]
KEYS = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"ü"', '""', "a"])
SPACES = st.sampled_from(["", "", "", "", " ", "\n", "\ufeff"])


def lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(KEYS, inner).map(":".join)
    return st.lists(pairs, max_size=4).map(lambda items: f"{{{','.join(items)}}}")


TEXTS = st.recursive(
    st.sampled_from(SCALARS), lambda inner: lists(inner) | objects(inner), max_leaves=8
)


def typed(value: Any) -> Any:
    """A value with the types of all its parts: to Python, 1 and 1.0 and True are equal."""
    if isinstance(value, dict):
        return [(key, typed(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [typed(item) for item in value]
    sign = math.copysign(1, value) if isinstance(value, float) else 0
    return type(value), value, sign


def reading(content: bytes) -> Any:
    try:
        return typed(read_json(content, "GET /licenses"))
    except ServerError as error:
        return str(error)


@given(TEXTS, SPACES, SPACES)
@example("[" * 101 + "]" * 101, "", "")
@example("[" * 5000 + "]" * 5000, "", "")
def test_answers_are_read_alike_in_both_ways(text: str, before: str, after: str) -> None:
    content = f"{before}{text}{after}".encode()
    found = reading(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "_read_compact", lambda _content: None)
        assert reading(content) == found
