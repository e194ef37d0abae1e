"""Markdown that nothing from outside can break out of, and that fits where it is posted. Stage 7.

Text from outside appears in one of two places: escaped inside `<code>` within an HTML block, where
no renderer looks for markdown, links or mentions; or in a fence longer than any run of backticks
inside it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import TypeVar

from kaiten_sync.immutable import Immutable
from kaiten_sync.report.field_rows import FieldRow
from kaiten_sync.report.numbers import counted
from kaiten_sync.report.safe_text import safe_text
from kaiten_sync.report.values import cut

MAX_CHARS = 60_000
"""GitHub takes comments of 65,536 characters; the rest is for what others put around it.

Source: GitHub REST API, `body is too long (maximum is 65536 characters)`.
"""

NAME_LIMIT = 160
"""Characters of an address or a name."""

COMMAND_LIMIT = 1_000
"""Characters of a command: one that is cut cannot be pasted."""

_LINES_LIMIT = 40
"""Lines of one change's details: beyond, one change would push the others out."""

_SHARE_OF_DETAILS = 0.5
"""Where not everything fits, this much room is for details; the rest is for more changes."""

_END_OF_HTML = "\n"
"""An empty line ends an HTML block. Source: CommonMark 0.31.2, section 4.6, condition 6."""

_T = TypeVar("_T")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_BACKTICKS = re.compile(r"`+")
_ACTIVE = re.compile(r"[&<>\"'`*_\[\](){}\\|~#!:@]|(?<=[wW]{3})\.")
"""What HTML or some dialect of markdown gives a meaning to."""


class Block(Immutable, frozen=True, kw_only=True):
    """One entry in several sizes: a line of its own, and with its details.

    What has a `brief` form is shown in that where there is room for nothing else, and must not be
    pushed out by entries that have none.
    """

    line: str
    opened: str
    brief: str = ""


def code(text: str, limit: int = NAME_LIMIT) -> str:
    """Text from outside as inline code in an HTML block, shortened."""
    return f"<code>{escaped(text, limit)}</code>"


def escaped(text: str, limit: int = NAME_LIMIT) -> str:
    """Text from outside as plain text in an HTML block, shortened."""
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", cut(safe_text(text), limit))


def fence(lines: Iterable[str], language: str) -> str:
    """Lines in a fence that none of them can close."""
    text = "\n".join(_TAG.sub(r"\\u003c", line) for line in lines)
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def fitting_fence(
    lines: Sequence[str], max_chars: int, *, most: int | None = None, all_in: str = ""
) -> str:
    """The first lines in a fence of at most `max_chars`, and how many are left out.

    At most `most` of them are shown. `all_in` is what has the others.
    """

    def shown(count: int) -> str:
        left = len(lines) - count
        more = f"and {left:,} more{all_in and f'; {all_in} has all'}"
        return fence([*lines[:count], *([more] if left else [])], "text")

    counts = range(min(len(lines), most or len(lines)) + 1)
    fitting = bisect_right(counts, max_chars, key=lambda count: len(shown(count)))
    return shown(max(0, fitting - 1))


def diff_lines(rows: Iterable[FieldRow], names: tuple[str, str] = ("", "")) -> Iterator[str]:
    """`- label: before` and `+ label: after`, at most as many as a reader bears.

    `names` are those of the two sides; what was agreed follows them on a line of its own.
    """
    lines = [
        f"{sign} {name}{row.label}: {side}"
        for row in rows
        for sign, name, side in (
            ("-", names[0], row.before),
            ("+", names[1], row.after),
            (" ", "agreed ", row.agreed),
        )
        if side is not None
    ]
    yield from lines[:_LINES_LIMIT]
    if len(lines) > _LINES_LIMIT:
        yield f"# {len(lines) - _LINES_LIMIT:,} more lines"


def not_shown(noun: str, command: str) -> Callable[[Sequence[object]], str]:
    """What ends a document that is cut: how many entries are missing, and what shows them."""
    return lambda left: (
        f"\n**{counted(len(left), f'more {noun}')} not shown**: {shows_all(command)}\n"
    )


def shows_all(command: str) -> str:
    """The command that shows what is left out, which can name a file in any way."""
    return f"{code(command, COMMAND_LIMIT)} shows all."


def collapsed(line: str, details: Sequence[str]) -> Block:
    """A block whose line opens its details, where it has any."""
    plain = f"<div>{line}</div>\n"
    if not details:
        return Block(line=plain, opened=plain)
    inside = "\n\n".join(details)
    return Block(
        line=plain, opened=f"<details><summary>{line}</summary>\n\n{inside}\n\n</details>\n"
    )


def document(
    head: str,
    entries: Sequence[_T],
    render: Callable[[_T], Block],
    missing: Callable[[Sequence[_T]], str],
    max_chars: int,
) -> str:
    """`head`, then entries from the first on as far as they fit, then which are missing.

    It ends with an empty line, which ends its last HTML block: whatever follows is markdown again.
    """
    # As if all were missing: how many are is known only when the rest is laid out.
    tail_room = len(missing(entries)) + len(_END_OF_HTML)
    shown = _fitting(entries, render, max_chars - len(head) - tail_room)
    left = entries[len(shown) :]
    parts = [head, *shown, missing(left) if left else "", "" if left or not shown else _END_OF_HTML]
    # Whole parts: a cut inside one leaves a tag, or the direction of a text, open.
    ends = accumulate(map(len, parts))
    return "".join(part for part, end in zip(parts, ends, strict=True) if end <= max_chars)


def _fitting(entries: Sequence[_T], render: Callable[[_T], Block], room: int) -> list[str]:
    source, blocks, taken = map(render, entries), [], 0
    for block in source:
        blocks.append(block)
        taken += len(block.opened)
        if taken > room:
            # Those with a short form come first, and room is kept for the form of each.
            while blocks[-1].brief and (more := next(source, None)):
                blocks.append(more)
            return list(_crowded(blocks, source, room))
    return [block.opened for block in blocks]


def _crowded(blocks: Sequence[Block], more: Iterable[Block], room: int) -> Iterator[str]:
    """Details for the first, lines for the rest, and an end at the first that does not fit.

    Room is kept for the short forms that are still to come, all of which are in `blocks`.
    """
    taken, for_details = 0, room * _SHARE_OF_DETAILS
    kept = sum(len(block.brief) for block in blocks)
    for block in chain(blocks, more):
        kept -= len(block.brief)
        text = block.opened if taken + len(block.opened) <= for_details else block.line
        if block.brief and taken + len(text) + kept > room:
            text = block.brief
        taken += len(text)
        if taken > room:
            return
        yield text
