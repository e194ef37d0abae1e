"""YAML documents with the place of every key and value kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from kaiten_sync.immutable import Immutable
from kaiten_sync.model.address import Address
from kaiten_sync.model.source import SourceRef
from kaiten_sync.model.value import Json

Scalar: TypeAlias = None | bool | int | float | str


class Entry(Struct, frozen=True, gc=False):
    """One key of a mapping: where the key is, and its value."""

    key_ref: SourceRef
    node: Node


class Node(Struct, frozen=True, gc=False):
    """One value of a document: a scalar, a list of nodes, or a mapping of entries.

    A mapping is a dict here, which is asked for by its type some hundred thousand times: asking
    whether a value is any Mapping takes ten times as long. No value is inside itself, so the
    garbage collector does not keep track of them, which makes a tree a fifth smaller.
    """

    ref: SourceRef
    value: Scalar | tuple[Node, ...] | dict[str, Entry]

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entries of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def plain(self) -> Json:
        """The value without its places."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, tuple):
            return [node.plain() for node in self.value]
        return self.value

    def walk(self, path: tuple[str | int, ...]) -> Iterator[Entry]:
        """The entries met on the way along `path`, as far as it exists.

        An element of a list counts as an entry whose key is where the element is.
        """
        node = self
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                entry = node.value[str(step)]
            elif isinstance(node.value, tuple) and isinstance(step, int) and step < len(node.value):
                entry = Entry(node.value[step].ref, node.value[step])
            else:
                return
            yield entry
            node = entry.node


class Document(Immutable, frozen=True):
    """One YAML file: its path as the user wrote it, its tree, and its lines for messages.

    `broken` names the places of values that could not be read as written and were reported;
    a second complaint about them would only repeat the first. `is_complete` is False when
    more than single values is missing from the tree. `lines` never show a credential.
    """

    path: str
    root: Node
    lines: tuple[str, ...]
    broken: frozenset[SourceRef] = frozenset()
    is_complete: bool = True


class MergedCatalog(Immutable, frozen=True, kw_only=True):
    """One tree made of all files and overlays; every value keeps the place it came from.

    `lines` are the source lines by file; `broken` and `is_complete` are those of all documents.
    `removed` are the objects that overlays take away, each with the place of its null. `partial`
    are the places of objects of overlays that are not whole: what they inherit is below them.
    `overlaid_bundles` are the bundles that overlays change or add, each with its place there.
    `overlaid` are the files below the overlays, none without overlays: what they say may have been
    right before. `bundles` are those that `extends` has taken out of the tree, by the kind of what
    they hold.
    """

    root: Node
    lines: Mapping[str, tuple[str, ...]]
    broken: frozenset[SourceRef] = frozenset()
    is_complete: bool = True
    removed: Mapping[Address, SourceRef] = {}
    partial: frozenset[SourceRef] = frozenset()
    overlaid_bundles: Mapping[str, SourceRef] = {}
    overlaid: frozenset[str] = frozenset()
    bundles: Mapping[str, Mapping[str, Entry]] = {}

    def line_text(self, ref: SourceRef | None) -> str | None:
        """The source line at a place, None if there is none."""
        return line_at(self.lines.get(ref.file, ()), ref) if ref else None


def line_at(lines: tuple[str, ...], ref: SourceRef | None) -> str | None:
    """The line that a place is on, None if there is none."""
    return lines[ref.line - 1] if ref and ref.line <= len(lines) else None
