"""Answers as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from kaiten_sync.server.domain.refusals import RefusalError
from kaiten_sync.server.web.codec import decode_body, encode


@pytest.mark.parametrize(
    "value",
    [{"a": [None, True, 1, -1.5, 1e22, "ü", '"\\\n\u2028']}, {}, [], None, 2**53, "null", 0.1],
)
def test_json_is_read_back_as_it_was(value: Any) -> None:
    found = encode(value)
    assert json.loads(found) == value
    assert b": " not in found


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("others", [[], [None], ["null"]])
def test_a_number_that_json_has_not_is_never_sent(number: float, others: list[Any]) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode({"items": [*others, {"value": number}]})


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "is not valid JSON in UTF-8"),
        (b'"\xff"', "is not valid JSON in UTF-8"),
        (b"[-Infinity]", "is not valid JSON in UTF-8"),
        (b"[NaN]", "is not valid JSON in UTF-8"),
        (b"[-" + b"9" * 5000 + b"]", "has a number that is too large"),
        (b"[" * 9000 + b"]" * 9000, "is nested more than 64 levels deep"),
        (b'{"a":' * 9000 + b"1" + b"}" * 9000, "is nested more than 64 levels deep"),
    ],
)
def test_what_cannot_be_read_is_said_for_what_it_is(raw: bytes, why: str) -> None:
    with pytest.raises(RefusalError) as refused:
        decode_body(raw)
    assert refused.value.detail == f"the body {why}"
