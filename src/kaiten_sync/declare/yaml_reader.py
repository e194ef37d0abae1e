"""YAML text to a tree of nodes with places, strictly. Stage 1.

PyYAML only parses: it gives events, one at a time, and everything that a loader would do with
them (types, aliases, merge keys, limits) is done here, in a loop without recursion. So a file
can be as hostile as it likes: it costs bounded time and memory and ends in diagnostics.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import yaml

from kaiten_sync.declare.conflict import conflicts
from kaiten_sync.declare.diagnostics import file_diagnostic
from kaiten_sync.declare.lfs import LFS_HINT, LFS_POINTER, is_lfs_pointer
from kaiten_sync.declare.tree_builder import StopReading, TreeBuilder
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Node
from kaiten_sync.model.source import SourceRef

if TYPE_CHECKING:
    from yaml.error import Mark
    from yaml.events import Event

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: five times faster, same events."""

_SYNTAX_HINTS = (
    (
        "cannot start any token",
        "indent with spaces, not tabs; quote what begins with @, % or `",
    ),
    ("found a tab character", "indent with spaces, not tabs"),
    ("incompatible YAML document", "remove the line with %YAML"),
    ("expected <document start>", "remove what follows `...`: a file holds one document"),
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
    ("mapping values are not allowed", "quote the value if it contains ': '"),
    ("could not find expected ':'", "is there a ':' after each key, with a space behind it?"),
    ("expected <block end>", "compare the indentation with the lines above"),
    ("while scanning a quoted scalar", "close the quote"),
)
"""What is usually meant when libyaml says this."""

_NEVER_ENDED = ("end of stream", "document indicator", "could not find expected ':'")


def parse_yaml(path: str, text: str, lines: tuple[str, ...]) -> tuple[Document, list[Diagnostic]]:
    """The tree of a file and all that is wrong with it. `lines` are kept for messages.

    Where the file cannot be read to its end, the tree is empty: half an object would only
    be reported for what the other half may hold.
    """
    if is_lfs_pointer(text):
        empty = Document(path, Node(SourceRef(path, 1, 1), None), lines, is_complete=False)
        return empty, [file_diagnostic(path, "lfs-pointer", LFS_POINTER, LFS_HINT)]
    builder = TreeBuilder(path)
    is_complete = True
    try:
        for event in yaml_events(text):
            builder.take(event)
    except StopReading:
        is_complete = False
    except yaml.YAMLError as error:
        # Only now: a text may have lines that look like git's marks, and be valid YAML all the
        # same.
        unmerged = [
            Diagnostic(
                rule="merge-conflict",
                message="both sides of a merge are in this file: git could not merge it",
                ref=SourceRef(path, number, 1),
                hint="keep what is to be declared, and delete the rest and git's lines with"
                " <<<<<<<, |||||||, ======= and >>>>>>>; then `git add` the file",
            )
            for number in conflicts(lines)
        ]
        builder.diagnostics.extend(unmerged or [_syntax_diagnostic(path, error, lines)])
        is_complete = False
    root = builder.root if is_complete else None
    if root is None:
        root = Node(SourceRef(path, 1, 1), None)
    broken = frozenset(builder.broken)
    return Document(path, root, lines, broken, is_complete), builder.diagnostics


def yaml_events(text: str) -> Iterator[Event]:
    """What PyYAML finds in a text, one at a time; places count characters."""
    loader = _Loader(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


def _syntax_diagnostic(path: str, error: yaml.YAMLError, lines: tuple[str, ...]) -> Diagnostic:
    problem = str(getattr(error, "problem", None) or "it cannot be parsed")
    context = getattr(error, "context", None)
    # Where something began tells more than where the file ended without its end.
    order = ("problem_mark", "context_mark")
    if any(part in problem for part in _NEVER_ENDED):
        order = ("context_mark", "problem_mark")
    marks: Iterator[Mark | None] = (getattr(error, name, None) for name in order)
    mark = next((mark for mark in marks if mark is not None), None)
    said = f"{context}: {problem}" if context else problem
    hint = next((hint for part, hint in _SYNTAX_HINTS if part in said), None)
    diagnostic = file_diagnostic(path, "yaml-syntax", f"this is not valid YAML: {said}", hint)
    if mark is None:
        return diagnostic
    ref = SourceRef(path, mark.line + 1, mark.column + 1)
    if ref.line > len(lines):  # libyaml counts a line after the last one
        ref = SourceRef(path, len(lines), len(lines[-1]) + 1)
    return diagnostic.changed(ref=ref)
