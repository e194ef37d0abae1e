"""Answers as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from kaiten_sync.server.web.codec import encode


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
