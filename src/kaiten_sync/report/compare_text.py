"""Two servers side by side, for the terminal. Stage 7."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.model.comparison import ComparedObject, Comparison, Presence
from kaiten_sync.report.field_rows import field_rows
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.paint import TITLE, painter
from kaiten_sync.report.rows import INDENT
from kaiten_sync.report.safe_text import safe_text

_SYMBOLS = {Presence.BOTH: "≠", Presence.FIRST: "<", Presence.SECOND: ">"}
_VALUE_LIMIT = 100
"""Characters of each value."""


def compare_text(comparison: Comparison, *, color: bool) -> str:
    """Every difference with both values, and one line of numbers."""
    return "\n".join(_lines(comparison, color=color)) + "\n"


def symbol_and_place(difference: ComparedObject, comparison: Comparison) -> tuple[str, str]:
    """A symbol, and the server that alone has the object; empty if both have it."""
    names = {Presence.FIRST: comparison.first.name, Presence.SECOND: comparison.second.name}
    name = names.get(difference.presence)
    return _SYMBOLS[difference.presence], f"only {safe_text(name)}" if name else ""


def compare_summary(comparison: Comparison) -> str:
    """The comparison in numbers."""
    count = len(comparison.differences)
    said = f"{counted(count, 'object')} differ{'s' if count == 1 else ''}" if count else "Alike"
    left_out = counted(comparison.declared, "declared difference")
    more = f" {left_out} left out (--all shows them)." if comparison.declared else ""
    return f"{said}. {counted(comparison.compared, 'object')} compared.{more}"


def _lines(comparison: Comparison, *, color: bool) -> Iterator[str]:
    paint = painter(color=color)
    sides = [
        f"{safe_text(t.name)} at {safe_text(t.url)}" for t in (comparison.first, comparison.second)
    ]
    yield paint(f"{sides[0]}  |  {sides[1]}", TITLE)
    yield ""
    for difference in comparison.differences:
        symbol, place = symbol_and_place(difference, comparison)
        note = f"  {place}" if place else ""
        yield f"  {symbol} {safe_text(str(difference.address))}{note}"
        for row in field_rows(difference.fields, _VALUE_LIMIT, units=difference.units):
            yield f"{INDENT}{row.label}: {row.before_text} | {row.after_text}"
    if comparison.differences:
        yield ""
    yield paint(compare_summary(comparison), TITLE)
