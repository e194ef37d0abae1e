"""JSON that somebody hands in, read so that no other reader could take it differently."""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections import Counter
from math import isinf
from typing import Any

_MOST_VALUES = 20_000_000
"""In memory, JSON takes up to thirty times its bytes. A plan of 256 MiB has fewer."""

_MOST_SHOWN = 40
"""Characters of a key or a number that are repeated in a message."""

_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape of half of a character, which is fine beside its other half. Source: RFC 8259, 7."""


def read_strict(content: bytes) -> Any:
    """A JSON document with no key twice in one object, and finite numbers.

    Raises:
        ValueError: it is not such JSON; the message completes "not a plan file: ".
    """
    if has_too_many_values(content):
        raise ValueError(f"it has more than {_MOST_VALUES:,} values")
    text = _decoded(content)
    try:
        document = json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error})") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        most_digits = sys.get_int_max_str_digits()
        if most_digits and re.search(rf"\d{{{most_digits + 1}}}", text):
            raise ValueError(f"a number has more than {most_digits:,} digits") from error
        raise
    if _HALF_CHARACTER.search(text):
        _check_characters(document)
    return document


def _decoded(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        raise ValueError("it is UTF-16" if is_utf_16 else "it is not UTF-8") from error
    if text.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark")
    return text


def _check_characters(document: Any) -> None:
    """Make sure that no text has half of a character: an escape of a surrogate without its pair."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(error.object[error.start]):04x}"
        raise ValueError(f"a text has {half}, which is half of a character") from error


def has_too_many_values(content: bytes) -> bool:
    """Whether JSON would take more memory than there may be, by a look at its bytes alone."""
    return len(content) > _MOST_VALUES < sum(map(content.count, (b",", b"[", b"{")))


def shortened(value: object) -> str:
    """A value of a file in a message, so short that it fits."""
    return repr(value)[:_MOST_SHOWN]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"duplicate key {shortened(twice)}")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    # Python reads 1e999 as infinity, and would write it as something that is not JSON.
    value = float(text)
    if isinf(value):
        raise ValueError(f"{text[:_MOST_SHOWN]} is too large")
    return value
