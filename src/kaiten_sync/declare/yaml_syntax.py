"""What the YAML parser complains about, in words for the person who wrote the file. Stage 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.declare.scalars import odd_space
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.source import SourceRef

if TYPE_CHECKING:
    import yaml
    from yaml.error import Mark

_Lines: TypeAlias = "tuple[str, ...]"

_HINTS = (
    ("incompatible YAML document", "remove the line with %YAML"),
    (
        "invalid Unicode character escape code",
        "write the character itself: JSON writes an emoji as two escapes, and YAML as one",
    ),
    ("unknown escape character", "write the text in '...', where a backslash is a backslash"),
    ("block sequence entries are not allowed", "quote a dash; a list begins on the next line"),
    ("mapping keys are not allowed", "quote what begins with ?"),
    ("while scanning an alias", "quote what begins with *"),
    ("while scanning an anchor", "quote what begins with &"),
    ("while scanning a block scalar", "quote what begins with > or |"),
    ("did not find expected node content", "remove the comma too many, or add what is missing"),
    ("could not find expected ':'", "is there a ':' after each key, with a space behind it?"),
    ("while scanning a quoted scalar", "close the quote"),
)
"""What is usually meant when libyaml says this."""

_NEVER_ENDED = ("end of stream", "document indicator", "could not find expected ':'")
_COLON = re.compile(r":(?=\s|$)")
_WIDE_COLON = "\uff1a"
_TIGHT_COLON = re.compile(r"\w:[{\[]")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'")
_MAX_KEY = 1024
"""Characters of a key without quotes. Source: YAML 1.1, section 9.1.3, simple keys."""


def syntax_diagnostic(path: str, error: yaml.YAMLError, lines: _Lines) -> Diagnostic:
    """Why a file is not YAML, and what to write instead."""
    problem = str(getattr(error, "problem", None) or "it cannot be parsed")
    context = getattr(error, "context", None)
    # Where something began tells more than where the file ended without its end.
    order = ("problem_mark", "context_mark")
    if any(part in problem for part in _NEVER_ENDED):
        order = ("context_mark", "problem_mark")
    marks: Iterator[Mark | None] = (getattr(error, name, None) for name in order)
    mark = next((mark for mark in marks if mark is not None), None)
    said = f"{context}: {problem}" if context else problem
    if mark is None:
        hint = next((hint for part, hint in _HINTS if part in said), None)
        return file_diagnostic(path, "yaml-syntax", f"this is not valid YAML: {said}", hint)
    said, hint = _words(said, mark, getattr(error, "context_mark", None), lines)
    diagnostic = file_diagnostic(path, "yaml-syntax", f"this is not valid YAML: {said}", hint)
    ref = SourceRef(path, mark.line + 1, mark.column + 1)
    if ref.line > len(lines):  # libyaml counts a line after the last one
        ref = SourceRef(path, len(lines), len(lines[-1]) + 1)
    return diagnostic.changed(ref=ref)


def _words(said: str, mark: Mark, began: Mark | None, lines: _Lines) -> tuple[str, str | None]:
    """The complaint as a person would say it, and what to write."""
    lines = (*lines, *[""] * (mark.line + 1 - len(lines)))  # it counts a line after the last one
    line = lines[mark.line]
    if "\t" in line[: mark.column + 1] and ("cannot start" in said or "tab character" in said):
        return "a tab cannot be used as indentation", "indent with spaces, not tabs"
    if "cannot start any token" in said:
        sign = line[mark.column : mark.column + 1]
        return f"'{sign}' cannot begin a text without quotes", f"quote what begins with {sign}"
    odd = odd_space(line)
    if odd is not None and _QUOTED.search(line) is None:
        return said, f"this line has a {odd}: write an ordinary space"
    if _WIDE_COLON in line and _QUOTED.search(line) is None:
        return said, "this line has a fullwidth colon (U+FF1A): write an ordinary ':'"
    for part, explain in _BY_LINES:
        if part in said:
            return explain(mark, began, lines)
    return said, next((hint for part, hint in _HINTS if part in said), None)


def _second_colon(mark: Mark, _began: Mark | None, lines: _Lines) -> tuple[str, str]:
    """A ':' where no key can be: in a value, or in a line that goes on with the one above."""
    line = lines[mark.line]
    before = _QUOTED.sub("", line[: mark.column])
    if len(before.strip()) > _MAX_KEY:
        return "this key is too long", f"a key has at most {_MAX_KEY:,} characters"
    if _TIGHT_COLON.search(before):
        return "a key has no space behind its ':'", "write a space after the ':'"
    if _COLON.search(before):
        return "a ':' begins a second value here", "quote the value if it contains ': '"
    above = _written_above(mark, lines)
    if above is None or _COLON.search(_QUOTED.sub("", lines[above])) is None:
        number = mark.line if above is None else above + 1
        return (
            f"this line goes on with the text of line {number}",
            f"write a ':' with a space behind it after the key of line {number}",
        )
    return (
        f"this line is indented more than line {above + 1}, so it goes on with its text",
        "indent it like the line above; quote the value above if it has several lines",
    )


def _missing_comma(_mark: Mark, began: Mark | None, lines: _Lines) -> tuple[str, str]:
    """Something in brackets without an end."""
    if began is None or began.line >= len(lines):
        return "a ',' or a closing bracket is missing", "close the bracket"
    opened = lines[began.line][began.column : began.column + 1]
    closing = "}" if opened == "{" else "]"
    place = f"line {began.line + 1}, column {began.column + 1}"
    hint = (
        f"put a ',' between two entries, and close the '{opened}' of {place}; quote what has"
        " braces, brackets or commas in it"
    )
    return f"a ',' or a '{closing}' is missing before this", hint


def _no_key(mark: Mark, _began: Mark | None, lines: _Lines) -> tuple[str, str]:
    """Something where the next key of a map should begin."""
    rest = lines[mark.line][mark.column :]
    if lines[mark.line][: mark.column].strip():
        return (
            "a value ended before this",
            "quote the whole value, and double a ' inside '...'; or close a quote further up",
        )
    if rest.startswith("- "):
        return (
            "a list cannot go on where a map began",
            "remove the dash, or write the lines above with one",
        )
    return (
        "this line is indented like none of the maps above it",
        "indent it like the other keys of its map",
    )


def _whole_before(mark: Mark, _began: Mark | None, lines: _Lines) -> tuple[str, str]:
    """More, after what is a whole document."""
    above = _written_above(mark, lines)
    if above is not None and lines[above].startswith(" ") and not lines[mark.line].startswith(" "):
        return (
            f"this line is indented less than line {above + 1}, with which the document began",
            f"indent line {above + 1} like this one",
        )
    return "the document ended before this", "remove this: what is before it is a whole document"


def _written_above(mark: Mark, lines: _Lines) -> int | None:
    """The last line before a place that is neither empty nor a comment."""
    above = range(mark.line - 1, -1, -1)
    return next((n for n in above if lines[n].strip()[:1] not in ("", "#")), None)


_BY_LINES: tuple[tuple[str, Callable[[Mark, Mark | None, _Lines], tuple[str, str]]], ...] = (
    ("mapping values are not allowed", _second_colon),
    ("did not find expected ',' or", _missing_comma),
    ("expected ',' or", _missing_comma),
    ("did not find expected key", _no_key),
    ("expected <block end>", _no_key),
    ("expected <document start>", _whole_before),
)
"""Complaints whose cause is in the lines around them."""
