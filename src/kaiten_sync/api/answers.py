"""The JSON of an answer, read more strictly than Python reads it, and within bounds."""

from __future__ import annotations

import json
import math
from typing import Any

from kaiten_sync.api.bounds import TooLargeError
from kaiten_sync.api.problems import NO_SERVER_HINT
from kaiten_sync.errors import ServerError

_MOST_DIGITS = 300
"""The server keeps numbers as 64-bit floating point: 309 digits at most, and the sign."""

_DEEPEST = 64
"""As deep as a catalog file may be: whatever is deeper could not be declared, and reading it would
take the stack's end. No answer of Kaiten's own is deeper than 6."""

_NESTED = frozenset({dict, list})
"""The types of JSON that contain other values, as they are read: no subclasses of them."""

_MOST_VALUES = 4_000_000
"""In memory, JSON takes up to thirty times its bytes: 64 MiB of `[],`, 64 KiB on the wire, would be
two gigabytes. A page has some thousands, a whole list of an older server 200,000."""


def read_json(content: bytes, request: str) -> Any:
    """The JSON of an answer: finite numbers, Unicode texts, no key twice, not too deep.

    Python's reader takes more than RFC 8259 and RFC 7493 allow.

    Raises:
        TooLargeError: it has too many values.
        ServerError: it is not such JSON.
    """
    if not content:
        return None
    if len(content) > _MOST_VALUES < sum(content.count(each) for each in (b",", b"[", b"{")):
        raise TooLargeError(f"{request}: the answer has more than {_MOST_VALUES:,} values")
    try:
        body = json.loads(
            content.decode("utf-8-sig"),
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_object,
        )
        if b"\\ud" in content or b"\\uD" in content:
            json.dumps(body, ensure_ascii=False).encode()  # fails on half of a surrogate pair
        _check_depth(body)
    except (ValueError, RecursionError) as error:
        raise ServerError(f"{request}: the answer is not JSON", hint=NO_SERVER_HINT) from error
    return body


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a whole number that no 64-bit floating point number reaches")
    return int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key appears twice")
    return found


def _check_depth(body: Any) -> None:
    level = [body] if type(body) in _NESTED else []
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) in _NESTED
        ]
        if not level:
            return
    raise ValueError("nested too deeply")
