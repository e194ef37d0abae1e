"""The server's JSON codec: bytes to checked values and back.

What no store and no client could carry is refused here: numbers that are not finite, NUL
characters, lone surrogates, nesting without end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

import msgspec

from kaiten_sync.server.domain.numbers import number_problem
from kaiten_sync.server.domain.refusals import Problem, invalid, unprocessable

MAX_DEPTH = 64
"""Levels of nesting in a body; far more than any configuration needs."""

_MAX_PROBLEMS = 20
"""Problems shown of one request: enough to correct it, too few to fill a screen."""

_MAX_SHOWN = 100
"""Characters of a key that are repeated in the answer."""

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False
)


def decode_body(raw: bytes, what: str = "the body") -> Any:
    """A request body as a value; or another text, which is called `what`.

    Raises:
        RefusalError: 400, it is not JSON, or JSON that cannot be read.
    """
    if not raw:
        raise invalid("BAD_REQUEST", "the request needs a JSON body")
    try:
        return _DECODER.decode(raw.decode("utf-8"))
    except _TwiceError as error:
        raise invalid("BAD_REQUEST", f"{error} appears twice in one object") from error
    except RecursionError as error:
        raise invalid(
            "BAD_REQUEST", f"{what} is nested more than {MAX_DEPTH} levels deep"
        ) from error
    except (_ConstantError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise invalid("BAD_REQUEST", f"{what} is not valid JSON in UTF-8") from error
    except ValueError as error:  # Python reads no integer that is longer
        raise invalid("BAD_REQUEST", f"{what} has a number that is too large") from error


def check_storable(value: Any, place: str = "body") -> None:
    """Refuse values that cannot be stored.

    Raises:
        RefusalError: 422 with each place.
    """
    problems = list(islice(_problems(value, place, 0), _MAX_PROBLEMS))
    if problems:
        raise unprocessable("UNPROCESSABLE", "validation failed", problems)


def encode(value: Any) -> bytes:
    """A value as compact JSON.

    Raises:
        ValueError: it has a number that is not finite.
    """
    found = msgspec.json.encode(value)
    # For it a number that is not finite is null: where there is one, it is made the slow way.
    return _ENCODER.encode(value).encode() if b"null" in found else found


class _ConstantError(ValueError):
    """A number that JSON has not, such as NaN."""


class _TwiceError(ValueError):
    """A key that appears twice: which of its values is meant, readers of JSON do not agree on."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = counted.most_common(1)[0][0]
        raise _TwiceError(printable(repr(twice[:_MAX_SHOWN])))
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise _ConstantError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)


def _problems(value: Any, place: str, depth: int) -> Iterator[Problem]:
    if depth > MAX_DEPTH:
        yield Problem(f"nested more than {MAX_DEPTH} levels deep", "body")
    elif isinstance(value, str):
        yield from _text_problems(value, place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        problem = number_problem(value)
        if problem is not None:
            yield Problem(problem, place)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _text_problems(key, place)
            yield from _problems(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _problems(item, f"{place}[{index}]", depth + 1)


def _text_problems(text: str, place: str) -> Iterator[Problem]:
    if "\0" in text:
        yield Problem("text must not contain NUL characters", printable(place))
    if any("\ud800" <= c <= "\udfff" for c in text):
        yield Problem("text must not contain lone surrogates", printable(place))


def printable(text: str) -> str:
    """The text with what UTF-8 cannot carry replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")
