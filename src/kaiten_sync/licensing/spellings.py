"""What people mean by a number that `parse_quantity` refuses. Hints only. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_FLOOR

from kaiten_sync.licensing.quantities import (
    DATA_SYMBOLS,
    MAX_QUANTITY,
    PREFIXES,
    base_unit,
    exact_quantity,
    parse_quantity,
    spellings,
)

_PREFIX_WORDS: Mapping[str, tuple[str, ...]] = {
    "k": ("kilo", "thousand"),
    "M": ("mega", "million", "mio"),
    "G": ("giga", "billion", "bn"),
    "T": ("tera", "trillion"),
    "P": ("peta",),
    "Ki": ("kibi",),
    "Mi": ("mebi",),
    "Gi": ("gibi",),
    "Ti": ("tebi",),
    "Pi": ("pebi",),
}
_BEFORE = re.compile(r"\A(?:up to|at most|max(?:imum|\.)?|about|[~≈<≤=+_])\s*", re.IGNORECASE)
"""What price lists write before a number. A threshold is a maximum anyway."""
_QUANTITY = re.compile(rf"(?:{_BEFORE.pattern}|[^\w\s]?)\s*[^\w\s]?[0-9]", re.IGNORECASE | re.ASCII)
_MONEY = re.compile(r"[$€£¥₹]|\b(?:eur|usd|gbp|chf)\b", re.IGNORECASE)
_EACH_PERIOD = re.compile(r"\s*(?:/|\bper\b|\ba\b|\beach\b)\s*[a-z]+", re.IGNORECASE)
"""What they write after it. The entitlement says it with `resetPeriod`."""
_GAPS = " \u00a0\u2007\u2009\u202f"
_SEPARATORS = "".join((",", "'", "\u2019", _GAPS))
_GROUPED = re.compile(
    rf"[0-9]{{1,3}}(?:([{_SEPARATORS}])[0-9]{{3}})(?:\1[0-9]{{3}})*(?![0-9])"  # 1,000,000
    r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?![0-9])"  # 10,00,000, as in India
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}(?![0-9])"  # 1.000.000, but 1.5 is a number
)
_SEPARATED = re.compile(r"[0-9]{1,3}(?:_[0-9]{3})+(?![0-9_])")
_COMMA = re.compile(r"([0-9]+),([0-9]{1,2})(?![0-9,])")
_THOUSANDS = re.compile(r"([1-9][0-9]{0,2})\.([0-9]{2}0)")
_LONG_NAME = 4
"""Letters of a unit that is read better after a space: `5k calls`, but `10GB`."""


def closest_spelling(text: str, units: Iterable[str] = ()) -> str | None:
    """A spelling that is right and that the text may mean.

    Case, separators, and words that price lists have around a number are looked through. None if
    there is no such spelling, or more than one.
    """
    names = tuple(units)
    plain = _BEFORE.sub("", text.strip(), count=1)
    ends = _EACH_PERIOD.sub("", plain)
    for each in dict.fromkeys((plain, ends)):
        number, word = _split(each)
        right = {found for found in _meant(number, word, names) if _reads(found, names)}
        if right:
            is_one_number = len({parse_quantity(found, names) for found in right}) == 1
            # Of several spellings the one that is there already, letter by letter.
            best = min(right, key=lambda found: (word not in found, len(found), found))
            return best if is_one_number else None
    return None


def is_quantity(text: str) -> bool:
    """Whether a text is meant as a number, rightly spelled or not."""
    return _QUANTITY.match(text) is not None


def quantity_hint(text: str, units: Iterable[str] = ()) -> str:
    """What to write in place of a text that `parse_quantity` refuses."""
    names = tuple(units)
    if right := closest_spelling(text, names):
        return f"write {right}"
    if re.match(r"[-−]", text):
        return "a threshold is not negative: write `unlimited` for no cap, 0 to allow nothing"
    if _MONEY.search(text):
        return "the API has no prices: leave them where you bill"
    number, word = _split(text)
    if fraction := _THOUSANDS.fullmatch(number):
        plain = f"{fraction[1]}.{fraction[2]}".rstrip("0").rstrip(".")
        return f"write {plain}{word} or {fraction[1]}{fraction[2]}{word}"
    try:
        value = exact_quantity(text, names)
    except ValueError:
        if names:
            return f"write a plain number, or one with a prefix such as 50k, of {names[-1]}"
        if word.isalpha():
            return (
                "write a plain number, or keep the text once the entitlement declares the unit:"
                f" `unitSingular: {word}` and `unitPlural: {word}`"
            )
        return "write a whole number such as 1000, 50k or 3Gi"
    if value > MAX_QUANTITY:
        return "write a smaller number, or `unlimited` for a grant without a cap"
    below = int(value.to_integral_value(ROUND_FLOOR))
    smaller = ", or declare a smaller unit" if names else ""
    return f"write a whole number ({below} or {below + 1}){smaller}"


def _split(text: str) -> tuple[str, str]:
    """The number that a text begins with, as YAML wants it, and the rest."""
    plain = "0" + text if re.match(r"\.[0-9]", text) else text
    grouped = _GROUPED.match(plain)
    if grouped is not None:
        plain = re.sub(r"[^0-9]", "", grouped[0]) + plain[grouped.end() :]
    plain = _COMMA.sub(r"\1.\2", plain, count=1)
    found = re.match(rf"([0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?)\.?[\s{_GAPS}]*", plain)
    if found is None:
        return "", ""
    number = found[1] if _SEPARATED.match(found[1]) else found[1].replace("_", "")
    return number, plain[found.end() :].strip()


def _meant(number: str, word: str, units: tuple[str, ...]) -> Iterator[str]:
    """The number with each prefix and unit that the word can mean, rightly spelled."""
    bases = {base for unit in units for prefix in PREFIXES if (base := base_unit(unit, prefix))}
    names = {"", *(name for base in bases for name in spellings(base))} if number else ()
    wanted = " ".join(word.lower().split())
    for name in names:
        for prefix in PREFIXES:
            written = (prefix.lower(), *_PREFIX_WORDS.get(prefix, ()))
            if any(
                wanted in (f"{each}{name}".lower(), f"{each} {name}".lower()) for each in written
            ):
                unit = DATA_SYMBOLS.get(name, name) if prefix else name
                gap = " " if len(unit) >= _LONG_NAME else ""
                yield f"{number}{prefix}{gap}{unit}"


def _reads(text: str, units: Iterable[str]) -> bool:
    try:
        parse_quantity(text, units)
    except ValueError:
        return False
    return True
