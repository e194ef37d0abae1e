"""Where items of a list go and come in a YAML text, so that the others keep their comments.

Lists and mappings in brackets are changed by the same rule: entries that have lines of their own
lose and get whole lines, and others only their text and a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from kaiten_sync.declare.differing import ItemChanges
from kaiten_sync.declare.spots import Spot
from kaiten_sync.immutable import Immutable

_COMMA = re.compile(r"\s*,")
_DASH = re.compile(r"-(?:[ \t]*(?:#[^\r\n]*)?[\r\n])*+[ \t]*\Z")
"""The dash before an item, which may have a comment beside it and begin on a line below."""
_REST_OF_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")


class TextEdit(Immutable, frozen=True):
    """Characters `start` to `end` become `text`. What is put at one place goes inner first."""

    start: int
    end: int
    text: str
    depth: int = 0


def flow_edits(
    text: str,
    entries: Sequence[tuple[int, int]],
    close: int,
    gone: Sequence[int],
    came: Mapping[int, Sequence[str]],
) -> Iterator[TextEdit]:
    """Edits for a list or a mapping in brackets whose last one is at `close`.

    `entries` are the beginnings and ends of what is in it, of which at least one stays. `came` are
    the new ones, by the number of the entry before which they come.
    """
    kept = [number for number in range(len(entries)) if number not in gone]
    if not all(_begins_line(text, start) for start in (*(start for start, _ in entries), close)):
        yield from _inline_edits(text, entries, kept, gone, came)
        return
    begins = [_line_start(text, start) for start, _ in entries]
    indent = text[begins[0] : entries[0][0]]
    for number in gone:
        yield TextEdit(begins[number], _next_line(text, entries[number][1]), "")
    for number, new in came.items():
        if number < len(entries):
            line_break = _break_before(text, begins[number])
            lines = "".join(f"{indent}{each},{line_break}" for each in new)
            yield TextEdit(begins[number], begins[number], lines)
    yield from _end_edits(text, entries, kept, came.get(len(entries), ()), indent)


def goes_by_lines(text: str, spot: Spot, changes: ItemChanges) -> bool:
    """Whether what goes from a list with lines, or comes into it, are whole lines.

    The first item is none if its dash is beside another one, or beside a key.
    """
    return _begins_line(text, _dashes(text, spot)[0]) or 0 not in {*changes.gone, *changes.came}


def line_edits(
    text: str,
    spot: Spot,
    gone: Sequence[int],
    came: Mapping[int, Sequence[str]],
    line_break: str,
) -> Iterator[TextEdit]:
    """Edits for a list with a line for each item, of which at least one stays."""
    dashes, last = _dashes(text, spot), spot.items[-1]
    begins = [_line_start(text, each) for each in dashes]
    for number in gone:
        yield TextEdit(begins[number], _next_line(text, spot.items[number].end), "")
    depth = dashes[0] - begins[0]
    beside = text[dashes[-1] : last.start]
    dash = " " * depth + (beside if beside.strip() == "-" and beside != "-" else "- ")
    for at, new in came.items():
        if at < len(dashes):
            lines = "".join(f"{dash}{each}{line_break}" for each in new)
            yield TextEdit(begins[at], begins[at], lines)
        else:
            lines = "".join(f"{line_break}{dash}{each}" for each in new)
            rest = _REST_OF_LINE.match(text, last.end)
            end = last.end + len(rest[0].rstrip("\r\n")) if rest else len(text)
            yield TextEdit(end, end, lines, depth + 1)  # deeper than the list, not than its items


def _dashes(text: str, spot: Spot) -> list[int]:
    """Where the dash of each item of a list with lines is."""
    starts = [spot.start, *(each.end for each in spot.items)]
    found = (
        _DASH.search(text, start, item.start)
        for start, item in zip(starts, spot.items, strict=False)
    )
    return [each.start() if each else spot.start for each in found]


def _end_edits(
    text: str,
    entries: Sequence[tuple[int, int]],
    kept: Sequence[int],
    new: Sequence[str],
    indent: str,
) -> Iterator[TextEdit]:
    """Lines after the last entry, and the comma after the last one that stays."""
    end, last = entries[kept[-1]][1], entries[-1][1]
    comma, has_last = _COMMA.match(text, end), _COMMA.match(text, last)
    if new and not comma:
        yield TextEdit(end, end, ",")
    elif comma and not new and not has_last:
        yield TextEdit(end, comma.end(), "")
    at = _next_line(text, last)
    line_break = _break_before(text, at)
    lines = f",{line_break}{indent}".join(new) + ("," if has_last else "")
    if new:
        yield TextEdit(at, at, f"{indent}{lines}{line_break}")


def _inline_edits(
    text: str,
    entries: Sequence[tuple[int, int]],
    kept: Sequence[int],
    gone: Sequence[int],
    came: Mapping[int, Sequence[str]],
) -> Iterator[TextEdit]:
    for number in gone:
        if number < kept[-1]:
            start, end = entries[number][0], entries[number + 1][0]
            if _begins_line(text, end) and not _begins_line(text, start):
                # the comment at the end of the line is of what stays before it
                comma = _COMMA.match(text, entries[number][1])
                end = comma.end() if comma else end
            yield TextEdit(start, end, "")
    for number, new in came.items():
        if number < len(entries):
            start = entries[number][0]
            yield TextEdit(start, start, "".join(f"{each}, " for each in new))
    start, end = entries[kept[-1]][1], entries[-1][1]
    new = came.get(len(entries), ())
    if new:
        yield TextEdit(start, start, "".join(f", {each}" for each in new))
    if start != end:
        first, comma = entries[kept[-1] + 1][0], _COMMA.match(text, end)
        if _begins_line(text, first):
            # what is on the lines before is the comment of what stays, and its comma
            start, end = first, comma.end() if comma else end
        yield TextEdit(start, end, "")


def _begins_line(text: str, index: int) -> bool:
    return not text[_line_start(text, index) : index].strip()


def _break_before(text: str, index: int) -> str:
    return "\r\n" if text[:index].endswith("\r\n") else text[index - 1]


def _line_start(text: str, index: int) -> int:
    return max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1


def _next_line(text: str, index: int) -> int:
    found = _REST_OF_LINE.match(text, index)
    return found.end() if found else len(text)
