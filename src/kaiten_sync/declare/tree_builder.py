"""Builds a tree of nodes from YAML events, one at a time. Stage 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import yaml
from yaml.events import Event

from kaiten_sync.declare.scalars import AMBIGUOUS, odd_space, resolve_plain, shorten
from kaiten_sync.kinds.closest import did_you_mean
from kaiten_sync.kinds.meant import comma_hint
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, Node, Scalar
from kaiten_sync.model.source import SourceRef

MAX_DEPTH = 64
"""The catalog itself needs 6 levels; the rest is room for CONFIG values."""

MAX_NODES = 500_000
"""Values in a file with all aliases expanded: ten times a catalog of 20,000 grants."""

MAX_DIAGNOSTICS = 200
"""Nobody reads more from one file, and each costs memory."""

_MERGE_KEY = "<<"
_MOST_COMPARED = 1_000
"""Anchors that an unknown one is compared with."""


class StopReading(Exception):  # noqa: N818  (a signal inside this package, not an error of the program)
    """The rest of the file is not read; the diagnostic that says why is recorded."""


@dataclass(slots=True)
class _Frame:
    """A collection that is still open. `items` fills for a list, `entries` for a mapping."""

    ref: SourceRef
    is_map: bool
    anchor: str | None = None
    is_flow: bool = False
    size: int = 1
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    merged: list[Node] = field(default_factory=list)
    key: str | None = None
    key_ref: SourceRef | None = None
    is_merge: bool = False
    has_merge: bool = False


class TreeBuilder:
    """Takes events and holds the tree, the diagnostics, and the places of broken values."""

    def __init__(self, path: str) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.broken: set[SourceRef] = set()
        self._path = path
        self._document = _Frame(SourceRef(path, 1, 1), is_map=False)
        self._stack = [self._document]
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._keys: dict[str, str] = {}
        """Each key once, as most appear in many objects."""
        self._plain_keys: set[str] = set()
        """Keys that may be written without quotes."""
        self._numbers: dict[int, int] = {}
        """Each line and column once: a number takes almost as much memory as a place."""
        self._count = 0
        self._documents = 0

    @property
    def root(self) -> Node | None:
        """The document's value, once it is read to its end."""
        return self._document.items[0] if self._document.items else None

    def take(self, event: Event) -> None:
        """Take the next event.

        Raises:
            StopReading: a limit is reached.
        """
        take = _TAKERS.get(type(event))
        if take is not None:
            take(self, event)

    # -- events ----------------------------------------------------------------------------

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        ref, text = self._ref(event), event.value
        is_plain = not event.style and event.tag is None
        if event.tag is not None:
            self._refuse_tag(ref, event.tag)
        if "\0" in text:
            self._report(
                ref,
                "control-character",
                "text cannot hold the character U+0000, which no server stores",
                "take the escape out of it",
            )
        frame = self._stack[-1]
        self._count_nodes(1, ref)
        if frame.is_map and frame.key_ref is None:
            frame.size += 1
            if event.anchor is not None:
                self._anchors[event.anchor] = (Node(ref, text), 1)
            self._take_key(frame, text, ref, is_plain)
            return
        value: Scalar | Diagnostic = resolve_plain(text) if is_plain else text
        if isinstance(value, Diagnostic):
            self._report(ref, value.rule, value.message, value.hint)
            value = text
        self._add(Node(ref, value), 1, event.anchor)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        ref = self._ref(event)
        if event.tag is not None:
            self._refuse_tag(ref, event.tag)
        if len(self._stack) > MAX_DEPTH:
            self._stop(
                ref,
                "too-deep",
                f"values are nested more than {MAX_DEPTH} levels deep",
                "write it less deep, or close the brackets",
            )
        self._count_nodes(1, ref)
        is_map = isinstance(event, yaml.MappingStartEvent)
        self._stack.append(_Frame(ref, is_map, event.anchor, event.flow_style is True))

    def _start_document(self, event: yaml.DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(
                self._ref(event),
                "multiple-documents",
                "a second document starts here; a file holds one",
                "put it into a file of its own",
            )

    def _close(self, _event: Event) -> None:
        frame = self._stack.pop()
        # What is merged into a map comes last: own keys win, then earlier maps.
        for source in frame.merged:
            for key, entry in source.entries.items():
                frame.entries.setdefault(key, entry)
        value = frame.entries if frame.is_map else tuple(frame.items)
        self._add(Node(frame.ref, value), frame.size, frame.anchor)

    def _take_alias(self, event: yaml.AliasEvent) -> None:
        ref = self._ref(event)
        name = event.anchor or ""
        if any(frame.anchor == name for frame in self._stack):
            message, hint = f"'*{shorten(name)}' repeats what it is in", "write out what is meant"
            self._refuse_alias(ref, "recursive-alias", message, hint)
        elif name not in self._anchors:
            message = f"no anchor '&{shorten(name)}' before this"
            hint = (
                did_you_mean(name, islice(self._anchors, _MOST_COMPARED))
                or f"put `&{shorten(name)}` before the value that it repeats, in this file;"
                f' quote it if text is meant: "*{shorten(name)}"'
            )
            self._refuse_alias(ref, "unknown-alias", message, hint)
        else:
            node, size = self._anchors[name]
            self._count_nodes(size, ref, is_alias=True)
            self._add(node, size)

    def _refuse_alias(self, ref: SourceRef, rule: str, message: str, hint: str) -> None:
        self._report(ref, rule, message, hint)
        self._add(Node(ref, None), 1)

    # -- keys and values -------------------------------------------------------------------

    def _take_key(self, frame: _Frame, text: str, ref: SourceRef, is_plain: bool) -> None:
        frame.key_ref = ref
        frame.key = text = self._keys.setdefault(text, text)
        if is_plain and text == _MERGE_KEY:
            if frame.has_merge:
                self._report(ref, "duplicate-key", "duplicate key '<<'", "write `<<: [*a, *b]`")
            frame.is_merge = frame.has_merge = True
            return
        if is_plain and text not in self._plain_keys:
            if odd := odd_space(text[:1]):
                # As in what is copied from a web page. Nothing is where it seems to be.
                message = f"this key begins with a {odd}, which is text to YAML"
                self._stop(ref, "odd-space", message, "indent with ordinary spaces")
            value = resolve_plain(text)
            is_after = frame.is_flow and bool(frame.entries)
            hint = (comma_hint(text) if is_after else None) or f'quote it: "{shorten(text)}"'
            if isinstance(value, str):
                self._plain_keys.add(text)
            elif isinstance(value, Diagnostic) and value.rule == AMBIGUOUS:
                self._report(ref, value.rule, value.message, hint)
            else:
                self._report(ref, "non-string-key", f"the key '{shorten(text)}' is not text", hint)
        if text in frame.entries:
            first = frame.entries[text].key_ref
            self._report(
                ref,
                "duplicate-key",
                f"duplicate key '{shorten(text)}', first on line {first.line}",
                "keep one of the two",
            )
            frame.key = None

    def _add(self, node: Node, size: int, anchor: str | None = None) -> None:
        """Put a finished value where it belongs: as a value, an element, or (wrongly) a key."""
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        frame = self._stack[-1]
        frame.size += size
        if not frame.is_map:
            frame.items.append(node)
        elif frame.key_ref is None:
            # Of a template, `{{ name }}`, the inner map is the key of the outer one, which is one.
            if node.ref not in self.broken:
                self._report(
                    node.ref,
                    "non-string-key",
                    "a key is text, not a list, a map or an alias",
                    "quote it if text is meant; templates are not filled in",
                )
            self.broken.add(frame.ref)
            frame.key_ref = node.ref
            frame.key = None
        else:
            if frame.is_merge:
                self._take_merged(frame, node)
            elif frame.key is not None:
                frame.entries[frame.key] = Entry(frame.key_ref, node)
            frame.key = frame.key_ref = None
            frame.is_merge = False

    def _take_merged(self, frame: _Frame, node: Node) -> None:
        sources = node.value if isinstance(node.value, tuple) else (node,)
        for source in sources:
            if isinstance(source.value, dict):
                frame.merged.append(source)
                continue
            # What would have been merged is not reported as missing.
            if (key_ref := self._stack[-2].key_ref) is not None:
                self.broken.add(key_ref)
            if source.ref not in self.broken:
                name = source.value if isinstance(source.value, str) else "name"
                self._report(
                    source.ref,
                    "bad-merge-key",
                    "'<<' takes a map or a list of maps",
                    f"write `<<: *{shorten(name)}`, where `&{shorten(name)}` is before a map",
                )

    # -- diagnostics --------------------------------------------------------------------------

    def _ref(self, event: Event) -> SourceRef:
        mark = event.start_mark
        if mark is None:  # only events made by hand have none
            return SourceRef(self._path, 1, 1)
        line, column, known = mark.line + 1, mark.column + 1, self._numbers.setdefault
        return SourceRef(self._path, known(line, line), known(column, column))

    def _refuse_tag(self, ref: SourceRef, tag: str) -> None:
        shown = shorten(tag.replace("tag:yaml.org,2002:", "!!"))
        self._report(
            ref,
            "custom-tag",
            f"the tag '{shown}' is not used here",
            "remove it; quote text instead",
        )

    def _count_nodes(self, size: int, ref: SourceRef, *, is_alias: bool = False) -> None:
        self._count += size
        if self._count <= MAX_NODES:
            return
        if is_alias:
            message = f"aliases expand this file to more than {MAX_NODES:,} values"
            self._stop(ref, "alias-bomb", message, "repeat less: an alias of aliases multiplies")
        message = f"the file holds more than {MAX_NODES:,} values"
        self._stop(ref, "too-many-values", message, "split it into several")

    def _report(self, ref: SourceRef, rule: str, message: str, hint: str | None = None) -> None:
        self.broken.add(ref)
        self.diagnostics.append(Diagnostic(rule=rule, message=message, ref=ref, hint=hint))
        if len(self.diagnostics) == MAX_DIAGNOSTICS:
            self._stop(ref, "too-many-findings", "the rest of this file was not read")

    def _stop(self, ref: SourceRef, rule: str, message: str, hint: str | None = None) -> None:
        """Record the last diagnostic, and read no further."""
        self.diagnostics.append(Diagnostic(rule=rule, message=message, ref=ref, hint=hint))
        raise StopReading


# By function and not by method: a builder that refers to itself would keep its tree until the
# garbage collector looks for such.
_TAKERS: Mapping[type, Callable[[TreeBuilder, Any], None]] = {
    yaml.ScalarEvent: TreeBuilder._take_scalar,
    yaml.MappingStartEvent: TreeBuilder._open,
    yaml.SequenceStartEvent: TreeBuilder._open,
    yaml.MappingEndEvent: TreeBuilder._close,
    yaml.SequenceEndEvent: TreeBuilder._close,
    yaml.AliasEvent: TreeBuilder._take_alias,
    yaml.DocumentStartEvent: TreeBuilder._start_document,
}
