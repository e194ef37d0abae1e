"""Lines that came along with what was pasted: of a diff, of half a merge, of markdown. Stage 1.

They are looked for in files alone that cannot be read as they are, as any text may have such lines.
Source: git-diff(1), "Generating patch text with -p"; git-merge(1), "How conflicts are presented".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.source import SourceRef

_MARKS = (
    (
        # Whoever indents a file indents these too. A text may have a heading that is underlined.
        re.compile(r"(?:\s*(?:<{7}|>{7}|\|{7})|={7})(?: |$)"),
        "merge-conflict",
        "this line is left over from a merge in git",
        (
            "keep what is to be declared, and delete git's lines with <<<<<<<, |||||||, ======= and"
            " >>>>>>>"
        ),
    ),
    (
        # A dash with a space behind it begins an element of a list.
        re.compile(r"diff --git |@@ |--- (?:[ab]/|/dev/null)|\+|-(?![ -]|$)"),
        "pasted-text",
        "this line is of a diff, whose marks are not YAML",
        (
            "remove the lines that begin with `-` or belong to the diff itself, and the `+` that"
            " the others begin with"
        ),
    ),
    (
        re.compile(r"```|~~~"),
        "pasted-text",
        "this line is of markdown and not YAML",
        "remove it",
    ),
    (
        re.compile(r"//|/\*"),
        "pasted-text",
        "this line is not a comment in YAML",
        "begin a comment with `#`",
    ),
)


def pasted(path: str, lines: Sequence[str]) -> Diagnostic | None:
    """The first line of a file that is not of the file itself."""
    for number, line in enumerate(lines, 1):
        for mark, rule, message, hint in _MARKS:
            if mark.match(line):
                found = file_diagnostic(path, rule, message, hint)
                return found.changed(ref=SourceRef(path, number, 1))
    return None


def is_marked(keys: Iterable[str]) -> bool:
    """Whether one of the keys of a whole file begins with the mark of a diff."""
    return any(key.startswith(("+", "-")) for key in keys)
