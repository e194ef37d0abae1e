"""What a plain (unquoted) YAML scalar means. Stage 1.

YAML 1.1 and 1.2 disagree about `no`, `1:30`, `010` and dates, and editors, linters and CI tools
follow one or the other. So only what both read alike is more than text here; what one of them
reads as something else must be quoted.
"""

from __future__ import annotations

import math
import re
import unicodedata

from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Scalar

MAX_EXACT_INTEGER = 2**53
"""The server keeps numbers as float64, which holds every integer up to here and no further."""

AMBIGUOUS = "ambiguous-scalar"
_MAX_INTEGER_DIGITS = len(str(MAX_EXACT_INTEGER))

_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}
_TRUTHS = frozenset(["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE"])
_UNTRUTHS = frozenset(["n", "N", "no", "No", "NO", "off", "Off", "OFF", "False", "FALSE"])
_NULLS = frozenset({"Null", "NULL"})
_OPERATORS = frozenset({"=", "<<"})

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:_[0-9]{3})+")
"""Separators between thousands. To YAML 1.2 it is text, but no person reads anything else in it."""
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|(?<![-+])\.[0-9]+)(?:[eE][-+][0-9]+)?")
"""What YAML 1.1 and 1.2 both read so: YAML 1.1 wants a point, and a sign in the exponent."""
_THOUSANDS = re.compile(r"[-+]?([1-9][0-9]{0,2})\.([0-9]{2}0)")
"""To YAML 1.500 is 1.5, and to people who write 1.500.000 for a million it is 1500."""
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9:.].*)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_LEADING_ZERO = re.compile(r"0[0-9]{1,15}")
"""Eight to YAML 1.1, which reads 010 as octal, and ten to YAML 1.2."""
_OTHER_BASE = re.compile(r"0(?:[xX][0-9a-fA-F]{1,15}|[oO][0-7]{1,15}|[bB][01]{1,15})")
_OTHER_NUMBER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?)"
)
_CAN_BE_SPECIAL = frozenset("0123456789+-.~=<yYnNtTfFoO")
"""First characters of everything above: most text needs only a look at its first letter."""


def resolve_plain(text: str) -> Scalar | Diagnostic:
    """The value of a plain scalar, or why it has none; the caller knows the place."""
    if text in _WORDS:
        return _WORDS[text]
    # Most texts are words: a look at the first character spares them all of the patterns.
    if text[0] not in _CAN_BE_SPECIAL:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _GROUPED.fullmatch(text):
        return _integer(text.replace("_", ""))
    if _DECIMAL.fullmatch(text) and not _THOUSANDS.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else _not_finite(text)
    if _NOT_FINITE.fullmatch(text) or _as_number(text) in (math.inf, -math.inf):
        return _not_finite(text)
    if meaning := _other_meaning(text):
        message = f"'{shorten(text)}' {meaning}"
        return Diagnostic(rule=AMBIGUOUS, message=message, hint=_advice(text))
    return text


def is_grouped(text: str) -> bool:
    """Whether unquoted text is a number with `_` between its thousands."""
    return _GROUPED.fullmatch(text) is not None


def is_plain_text(text: str) -> bool:
    """Whether unquoted text reads back as exactly this text."""
    return resolve_plain(text) == text


def shorten(text: str) -> str:
    """The text for a message: one that goes on for pages helps nobody."""
    return text if len(text) <= 40 else text[:37] + "..."


def odd_space(text: str) -> str | None:
    """The name of a character that looks like a space or like nothing, and is text to YAML."""
    for each in text:
        if each > "\x7f" and unicodedata.category(each) in ("Zs", "Cf"):
            return f"{unicodedata.name(each, 'character').lower()} (U+{ord(each):04X})"
    return None


def _integer(text: str) -> Scalar | Diagnostic:
    # A sign is one character more. What is longer is too large, and slow to read.
    if len(text) <= _MAX_INTEGER_DIGITS + 1 and abs(value := int(text)) <= MAX_EXACT_INTEGER:
        return value
    return Diagnostic(
        rule="number-too-large",
        message="this integer is beyond 2^53, where the server's numbers are no longer exact",
        hint="use a smaller number, or `unlimited` for a grant without a cap",
    )


def _other_meaning(text: str) -> str | None:
    """What YAML 1.1 or 1.2 makes of the text, None when both agree that it is text."""
    if text in _TRUTHS or text in _UNTRUTHS:
        return "is a boolean in YAML 1.1"
    if text in _NULLS:
        return "is null to some readers of YAML"
    if text in _OPERATORS:
        return "has a special meaning in YAML 1.1"
    if _DATE.fullmatch(text):
        return "is a date in YAML 1.1"
    if _BASE_60.fullmatch(text):
        return "is a number to the base 60 in YAML 1.1"
    if _THOUSANDS.fullmatch(text):
        return "can be read as a fraction and as thousands"
    if _OTHER_NUMBER.fullmatch(text):
        return "is a number only to some readers of YAML"
    return None


def _advice(text: str) -> str:
    quoted = f'quote it if text is meant: "{shorten(text)}"'
    if text in _TRUTHS:
        return f"write true, or {quoted}"
    if text in _UNTRUTHS:
        return f"write false, or {quoted}"
    if text in _NULLS:
        return f"write null, or {quoted}"
    if found := _THOUSANDS.fullmatch(text):
        return f"write {float(text):g} or {found[1]}{found[2]}, or {quoted}"
    if _LEADING_ZERO.fullmatch(text):
        is_one = re.search("[89]", text) or int(text, 8) == int(text)
        octal = "" if is_one else f", or {int(text, 8)} if octal is meant"
        return f"write {int(text)}{octal}, or {quoted}"
    if _BASE_60.fullmatch(text):
        return f"write a plain number such as 90, or {quoted}"
    if _OTHER_NUMBER.fullmatch(text):
        number = _as_number(text)
        is_whole = number is not None and number.is_integer() and abs(number) <= MAX_EXACT_INTEGER
        plain = f"{number:.0f}" if is_whole else "a plain number such as 1000 or 0.5"
        return f"write {plain}, or {quoted}"
    return quoted


def _as_number(text: str) -> float | None:
    """The number that some readers see in a text, None if it is octal to others."""
    if _OTHER_BASE.fullmatch(text):
        return float(int(text, 0))
    is_octal = text.lstrip("-+").startswith("0") and "." not in text
    is_decimal = _OTHER_NUMBER.fullmatch(text) and text.lower().strip("-+0123456789_.e") == ""
    return float(text.replace("_", "")) if is_decimal and not is_octal else None


def _not_finite(text: str) -> Diagnostic:
    return Diagnostic(
        rule="non-finite-number",
        message=f"'{shorten(text)}' is not a finite number",
        hint="use a finite number, or `unlimited` for a grant without a cap",
    )
