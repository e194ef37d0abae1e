"""Heads of changes and differences in aligned columns. Stage 7.

A row is `symbol word subject note place`. The columns fit the rows; where a row would be wider
than the terminal, the place goes on a line of its own below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kaiten_sync.immutable import Immutable
from kaiten_sync.report.field_rows import FieldRow, with_word
from kaiten_sync.report.paint import QUIET, Paint, cells, padded

INDENT = " " * 8
"""Indentation of everything that belongs to a row."""

_GAP = 2
"""Cells between two columns."""

_NARROWEST_SUBJECT = 20
"""Cells. On a terminal that is too narrow, addresses up to this length still align."""


class Row(Immutable, frozen=True, kw_only=True):
    """One head: what happens, to what, with which effect, declared where."""

    symbol: str
    word: str
    subject: str
    note: str
    place: str
    style: str
    note_style: str


class Columns(Immutable, frozen=True, kw_only=True):
    """Widths of the columns, in terminal cells."""

    word: int
    subject: int
    note: int
    width: int


def columns_for(rows: Iterable[Row], width: int) -> Columns:
    """Columns that fit the rows; single long subjects do not widen them past the terminal."""
    word = note = place = 0
    subjects: set[int] = set()
    for row in rows:
        word, note = max(word, len(row.word)), max(note, len(row.note))
        place = max(place, cells(row.place))
        subjects.add(cells(row.subject))
    room = width - len("  + ") - word - note - place - 3 * _GAP
    # On a very narrow terminal the columns still line up, and lines are folded by the terminal.
    cap = max(_NARROWEST_SUBJECT, room)
    # One address that is longer than the room must not push the notes of all others away.
    fitting = [size for size in subjects if size <= cap]
    return Columns(word=word, subject=max(fitting, default=0), note=note, width=width)


def row_lines(row: Row, columns: Columns, paint: Paint) -> Iterator[str]:
    """The head, and the place below it where it does not fit beside."""
    gap = " " * _GAP
    plain = [f"  {row.symbol} {padded(row.word, columns.word)}{gap}"]
    plain.append(padded(row.subject, columns.subject) + gap)
    plain.append(padded(row.note, columns.note) + gap if columns.note else "")
    # Measured before it is painted: codes of colors take no room.
    taken = sum(map(cells, plain))
    line = paint(plain[0], row.style) + plain[1] + paint(plain[2], row.note_style)
    if row.place and taken + cells(row.place) <= columns.width:
        yield line + paint(row.place, QUIET)
        return
    yield (paint(plain[0], row.style) + plain[1] + paint(row.note, row.note_style)).rstrip()
    if row.place:
        yield INDENT + paint(with_word(row.place, "at") + row.place, QUIET)


def change_lines(rows: Sequence[FieldRow], width: int, paint: Paint) -> Iterator[str]:
    """`label: before → after` per field, on two lines where one is too narrow."""
    for row in rows:
        before, after = row.before_text, row.after_text
        if cells(row.compact) + len(INDENT) <= width:
            yield f"{INDENT}{row.label}: {before} {paint('→', QUIET)} {after}"
        else:
            yield f"{INDENT}{row.label}: {before}"
            yield f"{INDENT}{' ' * cells(row.label)}{paint('→', QUIET)} {after}"


def side_lines(rows: Sequence[FieldRow], width: int) -> Iterator[str]:
    """`label: live 7,777, git 110, agreed 100` per field; a side per line if one is too narrow."""
    for row in rows:
        if cells(row.side_by_side) + len(INDENT) <= width:
            yield INDENT + row.side_by_side
            continue
        yield f"{INDENT}{row.label}:"
        names = max(len(side) for side, _ in row.sides)
        yield from (f"{INDENT}  {side:{names}} {text}" for side, text in row.sides)


def value_lines(rows: Sequence[FieldRow], width: int, *, joined: bool) -> Iterator[str]:
    """`label: value` per field of an object that is only on one side."""
    one_line = ", ".join(row.only_side for row in rows)
    # On one line as long as it fits: of a grant that is all there is.
    if joined and one_line and len(INDENT) + cells(one_line) <= width:
        yield INDENT + one_line
        return
    for row in rows:
        yield INDENT + row.only_side


def value_limit(width: int) -> int:
    """Characters of a value that leave room for its label."""
    # 32 fit the indentation and most labels; below 24, cut values could not be told apart.
    return max(24, width - 32)
