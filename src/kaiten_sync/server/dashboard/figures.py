"""Numbers and times as people read them, and numbers as they type them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from kaiten_sync.licensing import (
    Unit,
    Window,
    closest_spelling,
    exact_quantity,
    is_read_with_prefix,
    isolated,
    quantity_text,
)
from kaiten_sync.server.shapes.scalars import number, timestamp

_DIGITS = 12
"""Significant digits of a fraction that are shown: sums of fractions differ in later ones."""

_DECIMALS = 6
"""Digits after the point of an amount of bytes."""

_LEAST, _MOST = 1e-12, 1e21
"""Numbers beyond are shown as a power of ten: nobody counts that many zeros."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:([,_ ])[0-9]{3})(?:\1[0-9]{3})*(?![0-9])(\.[0-9]+)?")
"""Thousands in groups, with one separator throughout."""

_LEAST_AMOUNT = 1e-6
"""Amounts below have more digits than anybody types."""

_NO_NUMBER = "type a number, such as 1,000 or 0.5"

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_RELATIVE_DAYS = 31
"""Times farther away are days of the calendar."""


def show_number(value: float | None) -> str:
    """A number to read: thousands in groups, few digits of a fraction; a dash for None."""
    if value is None:
        return "–"
    exact = number(value)
    if isinstance(exact, int):
        return f"{exact:,}"
    if not _LEAST <= abs(exact) < _MOST:
        mantissa, _, exponent = f"{exact:.{_DIGITS - 1}e}".partition("e")
        shortest = mantissa.rstrip("0").rstrip(".")
        return f"{shortest} × 10{str(int(exponent)).translate(_RAISED)}"
    return f"{Decimal(f'{exact:.{_DIGITS}g}').normalize():,f}"


class Measured(Protocol):
    """What has a unit, or none."""

    @property
    def unit_singular(self) -> str | None:
        """Its name for one."""

    @property
    def unit_plural(self) -> str | None:
        """Its name for several."""


class WithUnit:
    """A row of a page whose amounts have a unit: a `Measured`, as rows of the database are."""

    __slots__ = ()
    unit: Unit

    @property
    def unit_singular(self) -> str:
        """The unit for one; empty without."""
        return self.unit[0]

    @property
    def unit_plural(self) -> str:
        """The unit for several; empty without."""
        return self.unit[1]


def show_amount(value: float | None, of: Measured) -> str:
    """A number to read, with its unit: `10 GB`, `1,000 calls`; a dash for None."""
    if value is None or not of.unit_singular:
        return show_number(value)
    return show_in_unit(value, (of.unit_singular, of.unit_plural or of.unit_singular))


def show_in_unit(value: float, unit: Unit) -> str:
    """A number to read, with the names of its unit; both are empty if it has none."""
    if not unit[1]:
        return show_number(value)
    if is_read_with_prefix(unit):
        return quantity_text(value, unit, _DECIMALS)
    return f"{show_number(value)} {isolated(unit[0] if value == 1 else unit[1])}"


def spell_number(value: float) -> str:
    """A number exactly, as it would be typed."""
    exact = number(value)
    if isinstance(exact, int):
        return f"{exact:,}"
    return f"{Decimal(repr(exact)):,f}" if _LEAST <= abs(exact) < _MOST else repr(exact)


def number_of(text: str, units: Iterable[str] = ()) -> int | float:
    """The number that was typed: `1,000`, `0.5`, `50k`, or `10 GB` in the unit of these names.

    Raises:
        ValueError: it is not a number; the message says what to type.
    """
    typed = " ".join(text.split())
    grouped = _GROUPED.match(typed)
    plain = typed
    if grouped is not None:
        plain = grouped[0].replace(grouped[1], "") + typed[grouped.end() :]
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        names = tuple(units)
        try:
            exact = exact_quantity(plain, names)
        except ValueError as error:
            right = closest_spelling(plain, names)
            meant = f"; did you mean {right}?" if right else ""
            raise ValueError(_NO_NUMBER + meant) from error
        value = int(exact) if exact == exact.to_integral_value() else float(exact)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(_NO_NUMBER)
    return value


def typed_amount(value: float, of: Measured) -> str:
    """A number exactly, as it would be typed; bytes and bits with their unit."""
    unit = (of.unit_singular or "", of.unit_plural or of.unit_singular or "")
    is_named = is_read_with_prefix(unit) and _LEAST_AMOUNT <= abs(value) < _MOST
    return quantity_text(value, unit) if is_named else spell_number(value)


def unit_names(of: Measured) -> tuple[str, ...]:
    """The names of a unit, for one and for several."""
    return tuple(each for each in (of.unit_singular, of.unit_plural) if each)


def show_count(count: int, noun: str) -> str:
    """How many there are of what the noun names: 1 change, 2 changes."""
    return f"{show_number(count)} {noun}" + ("" if count == 1 else "s")


def show_percent(ratio: float | None) -> str:
    """A ratio in percent, rounded down so that only what is full says 100; a dash for none."""
    return "–" if ratio is None else f"{show_number(math.floor(ratio * 100 + 1e-9))} %"


def show_overage(percent: int | None) -> str:
    """How far usage may exceed a threshold; a dash for not at all, and for no limit."""
    return f"{show_number(percent)} %" if percent is not None and percent > 0 else "–"


def show_moment(milliseconds: int | None) -> str:
    """Milliseconds since 1970 to the second, in UTC; a dash for None."""
    if milliseconds is None:
        return "–"
    return timestamp(milliseconds)[:19].replace("T", " ") + " UTC"


def show_day(milliseconds: int | None) -> str:
    """The day of a time in UTC; a dash for None."""
    return "–" if milliseconds is None else timestamp(milliseconds)[:10]


def show_start(window: Window) -> str:
    """When a window starts: its day, and its time if the window is shorter than a day."""
    day, clock = _day_and_time(window.start_ms)
    return f"{day} {clock}" if _is_short(window) else day


def show_end(window: Window) -> str:
    """When a window ends: its day, or its time if the window is shorter than a day."""
    day, clock = _day_and_time(window.end_ms)
    return f"{clock} UTC" if _is_short(window) else day


def _is_short(window: Window) -> bool:
    return window.end_ms - window.start_ms < _DAY_MS


def _day_and_time(milliseconds: int) -> list[str]:
    return timestamp(milliseconds)[:16].split("T")


def show_distance(milliseconds: int, now_ms: int) -> str:
    """How long ago a time is, or how far ahead; its day if that is more than a month."""
    away_ms = abs(now_ms - milliseconds)
    if away_ms < _MINUTE_MS:
        return "just now" if milliseconds <= now_ms else "in a moment"
    if away_ms >= _RELATIVE_DAYS * _DAY_MS:
        return show_day(milliseconds)
    unit_ms, noun = next(
        each
        for each in ((_DAY_MS, "day"), (_HOUR_MS, "hour"), (_MINUTE_MS, "minute"))
        if away_ms >= each[0]
    )
    away = show_count(away_ms // unit_ms, noun)
    return f"{away} ago" if milliseconds <= now_ms else f"in {away}"
