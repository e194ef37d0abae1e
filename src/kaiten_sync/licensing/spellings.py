"""What people mean by a number that `parse_quantity` refuses. Hints only. Pure rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_FLOOR, Decimal

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
_BEFORE = re.compile(r"\A(?:up to|at most|max(?:imum|\.)?|about|[~≈<≤=+_]+)\s*", re.IGNORECASE)
"""What price lists write before a number. A threshold is a maximum anyway."""
_QUANTITY = re.compile(rf"(?:{_BEFORE.pattern}|[^\w\s]?)\s*[^\w\s]?[0-9]", re.IGNORECASE | re.ASCII)
_MONEY = re.compile(r"[$€£¥₹]|\b(?:eur|usd|gbp|chf)\b", re.IGNORECASE)
_AFTER = re.compile(r"\s*(?:\([^()]*\)|included|or more|max\.?|[+,;.])\Z", re.IGNORECASE)
"""What they write after it."""
_EACH = re.compile(r"\s*(?:/|\bper\b|\ba\b|\beach\b|\bevery\b)\s*([a-z]+)\.?", re.IGNORECASE)
_PERIODS: Mapping[str, str] = {
    word: period
    for period, words in {
        "HOUR": "h hr hour",
        "DAY": "d day",
        "WEEK": "w wk week",
        "MONTH": "m mo mth month",
        "YEAR": "y yr year annum",
    }.items()
    for word in words.split()
}
"""The values of `resetPeriod`, by the words of price lists."""
_SECONDS: Mapping[str, int] = {
    word: seconds
    for seconds, words in {
        1: "s sec second seconds",
        60: "min minute minutes",
        3600: "h hr hrs hour hours",
        86_400: "d day days",
        604_800: "w week weeks",
    }.items()
    for word in words.split()
}
"""Units of time that have a fixed length. Months and years have none."""
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
_FRACTIONS_BELOW = 100
"""From here on, nobody minds the next whole number."""
_LONGEST = 200
"""Characters of a text in which a number is looked for. The time grows with their square."""
_LONG_NAME = 4
"""Letters of a unit that is read better after a space: `5k calls`, but `10GB`."""


def closest_spelling(text: str, units: Iterable[str] = ()) -> str | None:
    """A spelling that is right and that the text may mean.

    Case, separators, and words that price lists have around a number are looked through. None if
    there is no such spelling, or more than one.
    """
    if len(text) > _LONGEST:
        return None
    names = tuple(units)
    plain = _AFTER.sub("", _BEFORE.sub("", text.strip(), count=1))
    each_period = _EACH.search(plain)
    is_period = each_period is not None and each_period[1].lower() in _PERIODS
    ends = _EACH.sub("", plain) if is_period else plain
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
    return _QUANTITY.match(text[:_LONGEST]) is not None


def quantity_hint(text: str, units: Iterable[str] = ()) -> str:
    """What to write in place of a text that `parse_quantity` refuses."""
    names = tuple(units)
    return _hint(text, names) if len(text) <= _LONGEST else _form_hint("", "", names)


def _hint(text: str, names: tuple[str, ...]) -> str:
    share = _EACH.search(text)
    period = _PERIODS.get(share[1].lower()) if share is not None else None
    if right := closest_spelling(text, names):
        says_when = f", and `resetPeriod: {period}` in the entitlement" if period else ""
        return f"write {right}{says_when}"
    if re.match(r"[-−]", text):
        return "a threshold is not negative: write `unlimited` for no cap, 0 to allow nothing"
    if _MONEY.search(text):
        return "the API has no prices: leave them where you bill"
    plain = _AFTER.sub("", _BEFORE.sub("", text.strip(), count=1))
    if share is not None and period is None and closest_spelling(_EACH.sub("", plain), names):
        if share[1].lower() in _SECONDS:
            return "no period is shorter than an hour: let your service keep to rates"
        return (
            "the API does not multiply grants: write the number for one"
            f" {share[1].lower()} here if your service multiplies it, or the number for all"
        )
    number, word = _split(_EACH.sub("", plain) if period else plain)
    if fraction := _THOUSANDS.fullmatch(number):
        plain = f"{fraction[1]}.{fraction[2]}".rstrip("0").rstrip(".")
        return f"write {plain}{word} or {fraction[1]}{fraction[2]}{word}"
    try:
        value = exact_quantity(text, names)
    except ValueError:
        return _form_hint(number, word, names)
    if value > MAX_QUANTITY:
        return "write a smaller number, or `unlimited` for a grant without a cap"
    if value < _FRACTIONS_BELOW:
        return f"write {value.normalize():f} alone, or declare a smaller unit"
    below = int(value.to_integral_value(ROUND_FLOOR))
    smaller = ", or declare a smaller unit" if names else ""
    return f"write a whole number ({below} or {below + 1}){smaller}"


def unit_fields(word: str) -> str:
    """The fields that declare a unit, of which a price list has this word."""
    name, slash, each = word.partition("/")
    one = several = name
    if len(name) >= _LONG_NAME and name.endswith("s"):
        one = f"{name[:-3]}y" if name.endswith("ies") else name[:-1]
    elif len(name) >= _LONG_NAME and name.islower():
        several = f"{name}s"
    quote = '"' if name.startswith("%") else ""  # which begins no text without quotes
    one, several = (f"{quote}{each_name}{slash}{each}{quote}" for each_name in (one, several))
    return f"`unitSingular: {one}` and `unitPlural: {several}`"


def _form_hint(number: str, word: str, units: tuple[str, ...]) -> str:
    if units:
        return f"write a plain number, or one with a prefix such as 50k, of {units[-1]}"
    prefix, gap, unit = word.partition(" ")
    is_scaled = gap != "" and prefix in PREFIXES
    if "." in number and not is_scaled:
        return f"write {number}, without the unit"
    word = unit if is_scaled else word
    if number and (word == "%" or all(part.isalpha() for part in re.split("[/ -]", word))):
        return (
            "write a plain number, or keep the text once the entitlement declares the unit:"
            f" {unit_fields(word)}"
        )
    return "write a whole number such as 1000, 50k or 3Gi"


def _split(text: str) -> tuple[str, str]:
    """The number that a text begins with, as YAML wants it, and the rest. Nothing unseen counts."""
    seen = "".join(each for each in text if each.isprintable() or each in _GAPS)
    plain = "0" + seen if re.match(r"\.[0-9]", seen) else seen
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
    # A number of hours can be meant as one of days, and so for any two units of time.
    for own in {_SECONDS[unit.lower()] for unit in units if unit.lower() in _SECONDS}:
        if number and wanted in _SECONDS and wanted not in units:
            value = Decimal(number.replace("_", "")) * _SECONDS[wanted] / own
            if value == value.to_integral_value():
                yield str(int(value))
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
