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
    ("expected <document start>", "remove this: what is before it is a whole document"),
    (
        "invalid Unicode character escape code",
        "write the character itself: JSON writes an emoji as two escapes, and YAML as one",
    ),
    ("block sequence entries are not allowed", "quote a dash; a list begins on the next line"),
    ("mapping keys are not allowed", "quote what begins with ?"),
    ("while scanning an alias", "quote what begins with *"),
    ("while scanning an anchor", "quote what begins with &"),
    ("while scanning a block scalar", "quote what begins with > or |"),
    ("did not find expected key", "quote the whole value, and compare the indentation"),
    ("did not find expected node content", "remove the comma too many, or add what is missing"),
    ("could not find expected ':'", "is there a ':' after each key, with a space behind it?"),
    ("expected <block end>", "compare the indentation with the lines above"),
    ("while scanning a quoted scalar", "close the quote"),
)
"""What is usually meant when libyaml says this."""

_NEVER_ENDED = ("end of stream", "document indicator", "could not find expected ':'")
_COLON = re.compile(r":(?=\s|$)")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'")
_MAX_KEY = 1024
"""Characters of a key without quotes. Source: YAML 1.1, section 9.1.3, simple keys."""


def syntax_diagnostic(path: str, error: yaml.YAMLError, lines: _Lines) -> Diagnostic:
    """Why a file is no YAML, and what to write instead."""
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
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1] and ("cannot start" in said or "tab character" in said):
        return "a tab cannot be used as indentation", "indent with spaces, not tabs"
    if "cannot start any token" in said:
        sign = line[mark.column : mark.column + 1]
        return f"'{sign}' cannot begin a text without quotes", f"quote what begins with {sign}"
    odd = odd_space(line)
    if odd is not None and _QUOTED.search(line) is None:
        return said, f"this line has a {odd}: write an ordinary space"
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
    if _COLON.search(before):
        return "a ':' begins a second value here", "quote the value if it contains ': '"
    written = (n for n in range(mark.line - 1, -1, -1) if lines[n].strip()[:1] not in ("", "#"))
    above = next(written, None)
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
    place = f"the '{opened}' of line {began.line + 1}, column {began.column + 1}"
    closing = "}" if opened == "{" else "]"
    return (
        f"a ',' or a '{closing}' is missing before this",
        f"close {place} with a '{closing}'; quote a value that contains {{ }} [ ] or ,",
    )


_BY_LINES: tuple[tuple[str, Callable[[Mark, Mark | None, _Lines], tuple[str, str]]], ...] = (
    ("mapping values are not allowed", _second_colon),
    ("did not find expected ',' or", _missing_comma),
    ("expected ',' or", _missing_comma),
)
"""Complaints whose cause is in the lines around them."""
