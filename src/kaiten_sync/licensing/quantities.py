"""Numbers as people write them: `10GB`, `3GiB`, `50k`, `1_000_000`. Pure rules.

Source: the prefixes are those of the SI (BIPM, SI Brochure, 9th edition, table 7) and of
IEC 80000-13 (kibi, mebi, ...).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

MAX_QUANTITY = 2**53
"""The server keeps numbers as float64, which holds every integer up to here and no further."""

_PREFIXES: Mapping[str, int] = {
    "": 1,
    **{letter: 10 ** (3 * power) for power, letter in enumerate("kMGTP", start=1)},
    **{f"{letter}i": 2 ** (10 * power) for power, letter in enumerate("KMGTP", start=1)},
}
_FORM = re.compile(r"([0-9]+(?:_[0-9]+)*)((?:\.[0-9]+)?) ?((?:[^\W\d_]+(?: [^\W\d_]+)*)?)")
_MAX_LENGTH = 60
"""Characters. A number of hundreds of digits is no threshold."""

_SAME_UNITS = (frozenset({"B", "byte", "bytes"}), frozenset({"bit", "bits"}))
"""Spellings of one unit. The other way round, `b` is a bit to some and a byte to others."""


def parse_quantity(text: str, units: Iterable[str] = ()) -> int:
    """The whole number that a text means, in the unit that has these names.

    The text is a number, with `_` between digits if it helps, then a prefix (k, M, G, T, P, or Ki,
    Mi, Gi, Ti, Pi), then the unit, both of which can be left out: `1.5k`, `10 GB`, `200calls`. If
    the unit has a prefix itself (GB), the text may have another one (2TB).

    Raises:
        ValueError: it is none, or no whole number up to 2^53; the message says why.
    """
    found = _FORM.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        raise ValueError("is not a number with a prefix or unit")
    digits, fraction, word = found.groups()
    above, below = _factor(word, tuple(units))
    value = Decimal(digits.replace("_", "") + fraction) * above / below
    if value != value.to_integral_value():
        raise ValueError(f"is {value.normalize():f}, and a threshold here is a whole number")
    if value > MAX_QUANTITY:
        raise ValueError("is beyond 2^53, where the server's numbers are no longer exact")
    return int(value)


def _factor(word: str, units: tuple[str, ...]) -> tuple[int, int]:
    """What the number counts for in the declared unit, as a fraction."""
    if word in _PREFIXES:
        return _PREFIXES[word], 1
    if not units:
        raise ValueError(f"has '{word}', and the entitlement declares no unit")
    for unit in units:
        for own_prefix, own_factor in _PREFIXES.items():
            base = unit.removeprefix(own_prefix)
            if own_prefix and (base == unit or _spellings(base) == {base}):
                continue  # "GB" is giga and B; "Mails" is no prefix with "ails"
            for prefix, factor in _PREFIXES.items():
                if any(word == f"{prefix}{name}" for name in _spellings(base)):
                    return factor, own_factor
    listed = " or ".join(f"'{unit}'" for unit in units)
    raise ValueError(f"has '{word}', which is neither a prefix nor {listed} with one")


def _spellings(unit: str) -> frozenset[str]:
    return next((same for same in _SAME_UNITS if unit in same), frozenset({unit}))


def closest_spelling(text: str, units: Iterable[str] = ()) -> str | None:
    """A spelling that is right and that the text may mean: case and separators aside.

    None if there is no such spelling, or more than one.
    """
    plain = re.sub(r"(?<=[0-9])[,' \u00a0](?=[0-9]{3}(?:\D|$))", "", text.strip())
    number, word = re.fullmatch(r"(.*?[0-9]|)\s*([^0-9]*)", plain, re.DOTALL).groups()  # type: ignore[union-attr]
    names = [name for unit in units for name in _spellings(unit)]
    words = {f"{prefix}{name}" for prefix in _PREFIXES for name in ("", *names)}
    right = sorted(
        each for each in words if each.lower() == word.lower() and _reads(number + each, units)
    )
    return number + right[0] if number and len(right) == 1 else None


def _reads(text: str, units: Iterable[str]) -> bool:
    try:
        parse_quantity(text, units)
    except ValueError:
        return False
    return True
