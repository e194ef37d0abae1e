"""Numbers as people write and read them: `10GB`, `3GiB`, `50k`, `1_000_000`. Pure rules.

Source: the prefixes are those of the SI (BIPM, SI Brochure, 9th edition, table 7) and of
IEC 80000-13 (kibi, mebi, ...).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import TypeAlias

from kaiten_sync.immutable import Immutable

MAX_QUANTITY = 2**53
"""The server keeps numbers as float64, which holds every integer up to here and no further."""

PREFIXES: Mapping[str, int] = {
    "": 1,
    **{letter: 10 ** (3 * power) for power, letter in enumerate("kMGTP", start=1)},
    **{f"{letter}i": 2 ** (10 * power) for power, letter in enumerate("KMGTP", start=1)},
}
_FORM = re.compile(
    r"([0-9]{1,3}(?:_[0-9]{3})+|[0-9]+)((?:\.[0-9]+)?)"
    r"(?:(?: |(?![eE][-+]?[0-9]))([^\s0-9_.,'/:;+*-].*))?"
)
"""A number, and then a prefix, a unit or both: any text that is not more of the number."""
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:_[0-9]{3})*\.[0-9]{2}0")
"""`1.500` means one and a half to some people, and one and a half thousand to others."""
_MAX_LENGTH = 60
"""Characters. A number of hundreds of digits is no threshold."""

_SAME_UNITS = (
    frozenset({"B", "byte", "bytes", "Byte", "Bytes"}),
    frozenset({"bit", "bits"}),
)
"""Spellings of one unit. The other way round, `b` is a bit to some and a byte to others."""


Unit: TypeAlias = "tuple[str, str]"
"""The names of a unit for one and for several; empty without."""

NO_UNIT: Unit = ("", "")

DATA_SYMBOLS: Mapping[str, str] = {
    **dict.fromkeys(("B", "byte", "bytes", "Byte", "Bytes"), "B"),
    **dict.fromkeys(("bit", "bits"), "bit"),
    **{rate: rate for rate in ("B/s", "bit/s", "bps")},
}
"""Units whose numbers people read with prefixes, by their spellings."""

_MOST_DECIMALS = 3
"""Digits after the point of a number with a prefix: 1.25 GB is read faster than 1,250 MB."""

_SUM_DIGITS = 12
"""Significant digits of a fraction that may be rounded: sums of fractions differ in later ones."""

_BEYOND = 1e21
"""Numbers from here on are shown as powers of ten: nobody counts that many digits."""


def quantity_text(
    value: float, unit: Unit = NO_UNIT, digits: int | None = None, *, may_scale: bool = True
) -> str:
    """A number as people read it: `1,000`, `25 seats`, `1 seat`, `1.5 GB`.

    It is exact, unless `digits` says how many there may be after the point. Only bytes and bits are
    shown with another prefix than the declared unit has, and only if they `may_scale`.
    """
    name = unit[0] if value == 1 else unit[1]
    scaled = _scaled(value, name, is_exact=digits is None) if may_scale else None
    number, word = scaled or (_grouped(value, digits), name)
    return f"{number} {word}" if word else number


def may_scale_both(one: Unit, other: Unit) -> bool:
    """Whether two numbers may have prefixes of their own: not `10 GB → 10 GB` of 10,000 MB."""
    return one == other or NO_UNIT in (one, other)


def is_read_with_prefix(unit: Unit) -> bool:
    """Whether the numbers of a unit are shown with prefixes of their own: `10 GB`."""
    return _symbol(unit[1]) is not None


def shortest_quantity(value: int, unit: Unit = NO_UNIT) -> str:
    """The shortest text of a whole number that `parse_quantity` reads: `50k`, `10GB`, `1234`."""
    symbol = _symbol(unit[1])
    base = symbol[0] if symbol else ""
    own = PREFIXES[symbol[1]] if symbol else 1
    found = [str(value)]
    for prefix, factor in PREFIXES.items() if value > 0 else ():
        # A unit that is itself called `k` or `M` would read as a prefix.
        is_clear = bool(base) or (prefix != "" and prefix not in unit)
        if is_clear and (value * own) % factor == 0:
            found.append(f"{value * own // factor}{prefix}{base}")
    return min(found, key=lambda text: (len(text), text))


def _symbol(name: str) -> tuple[str, str] | None:
    """The symbol of bytes or bits, and the prefix that the declared unit has."""
    for prefix in PREFIXES:
        base = name.removeprefix(prefix)
        if name.startswith(prefix) and base in DATA_SYMBOLS:
            return DATA_SYMBOLS[base], prefix
    return None


def _scaled(value: float, name: str, *, is_exact: bool) -> tuple[str, str] | None:
    """A number of bytes or bits with the prefix that makes it shortest; None for others.

    Of two that are equally short it is the declared one, so that `95.614 GB` is beside `100 GB`.
    """
    symbol = _symbol(name)
    if symbol is None or not 0 < value < _BEYOND:
        return None
    base, own = symbol
    # Through its shortest text, so that 0.1 is a tenth and not the binary number next to it.
    is_sum = not is_exact and not float(value).is_integer()
    exact = Decimal(f"{value:.{_SUM_DIGITS}g}" if is_sum else repr(value)) * PREFIXES[own]
    fitting = [
        (text, prefix)
        for prefix, factor in PREFIXES.items()
        if exact >= factor
        and len((text := _decimal(exact / factor)).partition(".")[2]) <= _MOST_DECIMALS
    ]
    text, prefix = min(fitting, key=lambda each: (len(each[0]), each[1] != own), default=("", ""))
    return (text, f"{prefix}{base}") if text else None


def _grouped(value: float, digits: int | None) -> str:
    if abs(value) >= _BEYOND:
        return repr(value) if digits is None else f"{value:g}"
    if digits is not None and not float(value).is_integer():
        value = round(value, digits)
    return _decimal(Decimal(repr(value)))


def _decimal(number: Decimal) -> str:
    shown = f"{number:,f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def parse_quantity(text: str, units: Iterable[str] = ()) -> int:
    """The whole number that a text means, in the unit that has these names.

    The text is a number, with `_` between digits if it helps, then a prefix (k, M, G, T, P, or Ki,
    Mi, Gi, Ti, Pi), then the unit. Both can be left out, and one space may be before each: `1.5k`,
    `10 GB`, `5k calls`. If the unit has a prefix itself (GB), the text may have another one (2TB).

    Raises:
        ValueError: it is none, or no whole number up to 2^53; the message says why.
    """
    value = exact_quantity(text, units)
    if value != value.to_integral_value():
        raise ValueError(
            f"is {value.normalize():f} here, and with a prefix or unit it has to be whole"
        )
    if value > MAX_QUANTITY:
        raise ValueError("is beyond 2^53, where the server's numbers are no longer exact")
    return int(value)


def exact_quantity(text: str, units: Iterable[str] = ()) -> Decimal:
    """The number that a text means, whole or not; the grammar is that of `parse_quantity`.

    Raises:
        ValueError: it is none; the message says why.
    """
    found = _FORM.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        raise ValueError("is not a number with a prefix or unit")
    digits, fraction, word = found.groups()
    if _THOUSANDS.fullmatch(digits + fraction):
        raise ValueError("can be read as a fraction and as thousands")
    read = _read_word(word or "", tuple(units))
    return Decimal(digits.replace("_", "") + fraction) * read.factor / read.own_factor


def quantity_like(value: int, text: str, unit: Unit = NO_UNIT) -> str | None:
    """A whole number with a prefix and a unit as another one has them: `8GB` if that is `10GB`.

    It is the text itself if that means the number. None if the text is a plain number, or if none
    is written like it. Thousands are apart if they are in the text.
    """
    found = _FORM.fullmatch(text)
    if found is None or not found[3] or value <= 0:
        return None
    try:
        if parse_quantity(text, unit) == value:
            return text
    except ValueError:
        return None
    read = _read_word(found[3], unit)
    written = [*_alike(value, read, text[found.end(2) : found.start(3)], unit)]
    best = min(written, key=lambda each: (len(each[0]), each[1] != read.prefix), default=None)
    if best is None or best[2].isdecimal():
        return None
    number, _, alike = best
    has_groups = "_" in found[1]
    return f"{Decimal(number):,f}".replace(",", "_") + alike[len(number) :] if has_groups else alike


def _alike(value: int, read: _Word, gap: str, unit: Unit) -> Iterator[tuple[str, str, str]]:
    """The number with each prefix that leaves it short: its digits, the prefix, and all of it."""
    is_scaled = bool(read.prefix or read.own_prefix) or read.name in DATA_SYMBOLS
    for prefix, factor in PREFIXES.items() if is_scaled else (("", 1),):
        exact = Decimal(value) * read.own_factor / factor
        number = f"{exact.normalize():f}"
        if exact >= 1 and len(number.partition(".")[2]) <= _MOST_DECIMALS:
            between = f"{gap}{prefix}{read.gap}" if prefix else gap or read.gap
            name = read.name
            if name in unit:
                name = unit[0] if number == "1" and not prefix else unit[1]
            if prefix:
                name = DATA_SYMBOLS.get(name, name)
            yield number, prefix, f"{number}{between}{name}"


class _Word(Immutable, frozen=True):
    """The word after a number: a prefix, and the name of the unit without the prefix it has."""

    prefix: str
    gap: str = ""
    name: str = ""
    own_prefix: str = ""

    @property
    def factor(self) -> int:
        return PREFIXES[self.prefix]

    @property
    def own_factor(self) -> int:
        return PREFIXES[self.own_prefix]


def _read_word(word: str, units: tuple[str, ...]) -> _Word:
    # Either meaning may be meant, and they differ by a factor of thousands.
    if word and word in PREFIXES and word in units:
        raise ValueError("has a word that is the unit and a prefix as well")
    if word in PREFIXES:
        return _Word(word)
    if not units:
        raise ValueError(f"has '{word}', and the entitlement declares no unit")
    for unit in units:
        for own_prefix in reversed([*PREFIXES]):  # a declared GB is giga with B
            base = base_unit(unit, own_prefix)
            for prefix, gap, name in product(PREFIXES, ("", " "), spellings(base) if base else ()):
                if word == f"{prefix}{gap}{name}":
                    return _Word(prefix, gap, name, own_prefix)
    listed = " or ".join(f"'{unit}'" for unit in dict.fromkeys(units))
    raise ValueError(f"has '{word}', which is neither a prefix nor {listed} with one")


def base_unit(unit: str, prefix: str) -> str | None:
    """The unit without this prefix; None if it has none: "Mails" is not mega with "ails"."""
    base = unit.removeprefix(prefix)
    return base if not prefix or (base != unit and base in DATA_SYMBOLS) else None


def spellings(unit: str) -> frozenset[str]:
    """The spellings of a unit, itself included."""
    return next((same for same in _SAME_UNITS if unit in same), frozenset({unit}))
