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
from kaiten_sync.declare.pasted import is_marked, pasted
from kaiten_sync.declare.tree_builder import StopReading, TreeBuilder
from kaiten_sync.declare.yaml_syntax import syntax_diagnostic
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Node
from kaiten_sync.model.source import SourceRef

if TYPE_CHECKING:
    from yaml.events import Event

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: five times faster, same events."""


def parse_yaml(path: str, text: str, lines: tuple[str, ...]) -> tuple[Document, list[Diagnostic]]:
    """The tree of a file and all that is wrong with it. `lines` are kept for messages.

    Where the file cannot be read to its end, the tree is empty: half an object would only
    be reported for what the other half may hold.
    """
    if is_lfs_pointer(text):
        empty = Document(path, Node(SourceRef(path, 1, 1), None), lines, is_complete=False)
        return empty, [file_diagnostic(path, "lfs-pointer", LFS_POINTER, LFS_HINT)]
    document, found = _read(path, text, lines)
    root = document.root.value
    is_odd = not document.is_complete or (isinstance(root, dict) and is_marked(root))
    if is_odd and not any(conflicts(lines)) and (mark := pasted(path, lines)):
        empty = Document(path, Node(SourceRef(path, 1, 1), None), lines, is_complete=False)
        return empty, [mark]
    return document, found


def yaml_events(text: str) -> Iterator[Event]:
    """What PyYAML finds in a text, one at a time; places count characters."""
    loader = _Loader(text)
    try:
        yield from iter(loader.get_event, None)
    finally:
        loader.dispose()


def _read(path: str, text: str, lines: tuple[str, ...]) -> tuple[Document, list[Diagnostic]]:
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
        builder.diagnostics.extend(unmerged or [syntax_diagnostic(path, error, lines)])
        is_complete = False
    root = builder.root if is_complete else None
    if root is None:
        root = Node(SourceRef(path, 1, 1), None)
    broken = frozenset(builder.broken)
    return Document(path, root, lines, broken, is_complete), builder.diagnostics
