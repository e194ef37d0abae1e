"""The JSON of an answer, read more strictly than Python reads it, and within bounds."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from kaiten_sync.api.bounds import TooLargeError
from kaiten_sync.api.problems import NO_SERVER_HINT
from kaiten_sync.errors import ServerError

_MOST_DIGITS = 300
"""The server keeps numbers as 64-bit floating point: 309 digits at most, and the sign."""

_EXACT = 2**53
"""Integers up to here are the same as floating point numbers."""

_LONG = b"0" * len(str(_EXACT))
_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
"""What finds numbers that may be beyond it."""

_DEEPEST = 100
"""Reading without end would take the stack's. A catalog file may have 64 levels, and so may what a
server takes: in a list, that is a few levels deeper. No answer of Kaiten's own is deeper than 6."""

_CORRECT = "correct it on the server: what is in the catalog has to be read whole"

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
        raise TooLargeError(
            f"{request}: the answer has more than {_MOST_VALUES:,} values", hint=NO_SERVER_HINT
        )
    try:
        body = _read_compact(content)
        if body is None:
            body = _read_strictly(content)
        _check_depth(body)
    except (_OddError, UnicodeEncodeError) as error:
        odd = error if isinstance(error, _OddError) else "half of a character"
        raise ServerError(f"{request}: the answer has {odd}", hint=_CORRECT) from error
    except (ValueError, RecursionError) as error:
        raise ServerError(f"{request}: the answer is not JSON", hint=NO_SERVER_HINT) from error
    return body


class _OddError(ValueError):
    """JSON that no catalog can be made of; its text completes "the answer has"."""


def _read_compact(content: bytes) -> Any:
    """The JSON of most answers, in a quarter of the time; None if it has to be looked at closely.

    What comes back as the same bytes has no key twice, and no number or text that cannot be kept
    but a long one.
    """
    if _LONG in content.translate(_AS_ZEROS):
        return None
    try:
        body = msgspec.json.decode(content)
        return body if msgspec.json.encode(body) == content else None
    except (ValueError, RecursionError, OverflowError):
        return None


def _read_strictly(content: bytes) -> Any:
    body = json.loads(
        content.decode("utf-8-sig"),
        parse_constant=_finite,
        parse_float=_finite,
        parse_int=_whole,
        object_pairs_hook=_object,
    )
    if b"\\ud" in content or b"\\uD" in content:
        json.dumps(body, ensure_ascii=False).encode()  # fails on half of a surrogate pair
    return body


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _OddError("a number that is not finite")
    return number


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise _OddError(f"a number of more than {_MOST_DIGITS} digits")
    number = int(text)
    # Beyond, the server's own numbers are those that a 64-bit floating point number can be.
    return number if abs(number) <= _EXACT else int(float(text))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _OddError("a key twice in one object")
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
    raise _OddError(f"values that are nested more than {_DEEPEST} levels deep")
