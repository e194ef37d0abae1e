"""The pricing table in every format. Stage 7."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate

from kaiten_sync.pricing import (
    PriceCell,
    PriceColumn,
    PriceRow,
    PriceTable,
    columns_of,
    folded,
)
from kaiten_sync.report.impact_csv import text_cell
from kaiten_sync.report.markdown import code, shows_all
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.pages import NAME_LIMIT, template
from kaiten_sync.report.paint import QUIET, TITLE, Paint, cells, padded, painter
from kaiten_sync.report.pricing_words import cell_text, column_text, grant_text
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut

_SEPARATOR = re.compile(r"(?<=\d),(?=\d{3})")
_WIDEST_CELL = 40
"""Characters. Longer texts are cut: the columns are there to be compared side by side."""

_MARKDOWN_COLUMNS = 8
"""Columns of one table on a page of GitHub before it scrolls sideways."""

_FEWER_COLUMNS = (_MARKDOWN_COLUMNS, 4, 2, 1)
"""What is tried if a table does not fit: every row of some columns says more than some rows."""

_COUNTS_LIMIT = 80
"""Characters of the line that counts the missing rows, without the command that shows them."""


def pricing_text(table: PriceTable, *, color: bool, width: int) -> str:
    """Aligned columns; a table that is wider than the terminal is folded by license."""
    if not table.rows:
        return _empty(table)
    paint = painter(color=color)
    parts = [_text_part(part, paint) for part in _fitting(table, width)]
    return "\n".join("\n".join(lines) + "\n" for lines in parts)


def _empty(table: PriceTable) -> str:
    return "The plan changes no grant.\n" if table.is_plan else "Nothing is granted.\n"


def _fitting(table: PriceTable, width: int) -> Sequence[PriceTable]:
    """As few parts as fit: all of them have the same number of columns.

    Every cell is written once to be measured: a part has the same widths as the whole, but for the
    names of rows that it leaves out.
    """
    _, *widths = _widths(table)
    for columns in range(len(table.columns), 1, -1):
        parts = folded(table, columns)
        starts = range(0, len(widths), columns)
        if all(
            max((cells(safe_text(row.slug)) for row in part.rows), default=0)
            + sum(widths[start : start + columns])
            + 2 * (len(part.columns) + 1)
            <= width
            for start, part in zip(starts, parts, strict=True)
        ):
            return parts
    return folded(table, 1)


def _widths(table: PriceTable) -> list[int]:
    lines = [_names(table), *(_line(row) for row in table.rows)]
    return [max(cells(line[at]) for line in lines) for at in range(len(lines[0]))]


def _names(table: PriceTable) -> list[str]:
    return ["", *(cut(safe_text(column_text(each)), _WIDEST_CELL) for each in table.columns)]


def _line(row: PriceRow) -> list[str]:
    texts = (cell_text(each, row.unit) for each in row.cells)
    return [safe_text(row.slug), *(cut(text, _WIDEST_CELL) for text in texts)]


def _text_part(table: PriceTable, paint: Paint) -> Iterator[str]:
    widths = _widths(table)
    yield paint(_aligned(_names(table), widths), TITLE)
    group = ""
    for row in table.rows:
        if row.group != group:
            group = row.group
            yield paint(f"  {safe_text(group or 'in no group')}", QUIET)
        yield _aligned(_line(row), widths)


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (padded(text, width) for text, width in zip(line, widths, strict=True))
    return "  ".join([f"  {first}", *rest]).rstrip()


def pricing_markdown(
    table: PriceTable, max_chars: int | None = None, command: str = "kaiten-sync table"
) -> str:
    """GitHub's tables, folded by license; what does not fit is counted. `command` shows all."""
    if not table.rows:
        return _empty(table)
    if max_chars is None:
        return "\n".join(map(_markdown_part, folded(table, _MARKDOWN_COLUMNS)))
    shown: list[str] = []
    room, rest, rows_left = max_chars - _COUNTS_LIMIT - len(shows_all(command)), table, 0
    while rest.columns and not rows_left and (part := _largest(rest, room)) is not None:
        text = _markdown_part(part)
        shown.append(text)
        room -= len(text) + 1
        rows_left = len(columns_of(rest, 0, len(part.columns)).rows) - len(part.rows)
        rest = columns_of(rest, len(part.columns))
    left = [(rows_left, "more row"), (len(rest.columns), "more column")]
    if counts := " and ".join(counted(number, word) for number, word in left if number):
        shown.append(f"{counts} not shown: {shows_all(command)}\n")
    return "\n".join(shown)


def _largest(table: PriceTable, room: int) -> PriceTable | None:
    """As many of the first columns as fit in so many characters, or of their rows; None if none."""
    parts = [columns_of(table, 0, columns) for columns in _FEWER_COLUMNS]
    for part in parts:
        if len(_markdown_part(part)) <= room:
            return part
    for part in parts:
        head = len(_markdown_part(part.changed(rows=())))
        sizes = accumulate((len(text) + 1 for text in _markdown_rows(part)), initial=head)
        # The head alone is the first of the sizes, and not of a row.
        fitting = sum(size <= room for size in sizes) - 1
        if fitting > 0:
            return part.changed(rows=part.rows[:fitting])
    return None


def _markdown_part(table: PriceTable) -> str:
    head = ["", *(code(column_text(each)) for each in table.columns)]
    lines = [_joined(head), "|---|" + "---:|" * len(table.columns)]
    return "\n".join([*lines, *_markdown_rows(table)]) + "\n"


def _markdown_rows(table: PriceTable) -> Iterator[str]:
    """The text of each row; the first one of a group begins with a line for the group."""
    group = ""
    for row in table.rows:
        texts = [code(cell_text(c, row.unit), limit=_WIDEST_CELL * 2) for c in row.cells]
        marked = [
            f"<b>{text}</b>" if cell is not None and cell.is_change else text
            for cell, text in zip(row.cells, texts, strict=True)
        ]
        line = _joined([code(row.slug), *marked])
        if row.group != group:
            group = row.group
            title = f"<b>{code(group)}</b>" if group else "in no group"
            line = _joined([title, *("" for _ in table.columns)]) + f"\n{line}"
        yield line


def _joined(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"


def pricing_html(table: PriceTable) -> str:
    """A whole page: no scripts, no assets, light and dark."""
    return template("pricing.html").render(table=pricing_parts(table), is_plan=table.is_plan)


def pricing_parts(table: PriceTable) -> dict[str, object]:
    """What the template of a table shows, on its own page or in that of a plan."""
    shared = {name for name, times in Counter(c.name for c in table.columns).items() if times > 1}
    return {
        "columns": [cut(safe_text(_title(each, shared)), NAME_LIMIT) for each in table.columns],
        "rows": [
            {
                "group": cut(safe_text(row.group), NAME_LIMIT),
                "name": cut(safe_text(row.name), NAME_LIMIT),
                "cells": [
                    {"text": cell_text(each, row.unit), "effect": each.effect.value if each else ""}
                    for each in row.cells
                ],
            }
            for row in table.rows
        ],
    }


def _title(column: PriceColumn, shared: Collection[str]) -> str:
    """A column's name for people; versions of one license share it, and are told by slug."""
    by_slug = column_text(column)
    is_told_by_slug = by_slug != column.slug or column.name in shared
    return f"{column.name} ({by_slug})" if is_told_by_slug else column.name


def pricing_csv(table: PriceTable) -> str:
    """A row per entitlement and a column per license, numbers without separators."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["entitlement", "name", "group", *(text_cell(column_text(c)) for c in table.columns)]
    )
    for row in table.rows:
        shown = (text_cell(_plain(each)) for each in row.cells)
        writer.writerow([text_cell(row.slug), text_cell(row.name), text_cell(row.group), *shown])
    return text.getvalue()


def _plain(cell: PriceCell | None) -> str:
    if cell is None:
        return ""
    if cell.is_change:
        return _SEPARATOR.sub("", cell_text(cell))
    if cell.after is None:
        return ""
    if isinstance(cell.after.value, dict | list):
        return json.dumps(cell.after.value, ensure_ascii=False, sort_keys=True)
    return grant_text(cell.after).replace(",", "")
