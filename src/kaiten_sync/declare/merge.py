"""Merges files and overlays into one catalog; every value keeps its place. Stage 1.

Base files add up: the same object in two of them is a mistake. Overlays are merged over the result,
each over all before it (`overlays.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice

from kaiten_sync.declare.diagnostics import with_lines
from kaiten_sync.declare.overlays import Overlaying
from kaiten_sync.declare.scalars import shorten
from kaiten_sync.kinds.closest import Suggestions
from kaiten_sync.kinds.file_kinds import WHERE, FileKind, other_kind
from kaiten_sync.kinds.meant import field_hint, misspelled
from kaiten_sync.kinds.registry import all_kinds, top_kinds
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Document, Entry, MergedCatalog, Node
from kaiten_sync.model.source import SourceRef

_FIRST_KEYS = 20
"""Keys of a file that are compared with `version`: a hostile file has a million."""

CATALOG_VERSION = 1
"""The catalog format this program reads."""


def merge_documents(
    base: Sequence[Document], overlays: Sequence[Document]
) -> tuple[MergedCatalog, tuple[Diagnostic, ...]]:
    """One catalog of all base files with the overlays over it, in the order given."""
    diagnostics: list[Diagnostic] = []
    entries: dict[str, Entry] = {}
    for document in base:
        diagnostics += with_lines(_shape_diagnostics(document), document.lines)
        diagnostics += with_lines(_add(entries, document), document.lines)
    is_complete = all(document.is_complete for document in (*base, *overlays))
    first = base[0].root.ref if base else SourceRef("catalog", 1, 1)
    # A file that cannot be read whole may declare what an overlay takes away, so nothing is said
    # of that then.
    overlaying = Overlaying(Node(first, entries), is_complete=is_complete)
    for document in overlays:
        diagnostics += with_lines(_shape_diagnostics(document), document.lines)
        found = overlaying.lay_over(_usable(document), document.broken)
        diagnostics += with_lines(found, document.lines)
    lines = {document.path: document.lines for document in (*base, *overlays)}
    for each in overlaying.unfinished():
        diagnostics += with_lines([each], lines[each.ref.file] if each.ref else ())
    merged = MergedCatalog(
        root=overlaying.root,
        lines=lines,
        broken=overlaying.reported.union(*(each.broken for each in (*base, *overlays))),
        is_complete=is_complete,
        removed=overlaying.removed,
        partial=overlaying.partial,
        overlaid_bundles=overlaying.bundles,
        overlaid=frozenset(each.path for each in base) if overlays else frozenset(),
    )
    return merged, tuple(diagnostics)


# -- the shape of one file ------------------------------------------------------------------


def _sections() -> Mapping[str, str]:
    """What each section of a catalog has: objects of a kind, or bundles of them."""
    bundles = {spec.bundles: "bundle" for spec in all_kinds() if spec.bundles}
    return {spec.section: spec.kind for spec in top_kinds()} | bundles


def _shape_diagnostics(document: Document) -> Iterable[Diagnostic]:
    """What must be right in each file before it can be merged with others."""
    root = document.root
    if not document.is_complete and root.value is None:
        return
    # What is broken was reported where it broke, and its value means nothing.
    if root.value is None and root.ref not in document.broken:
        yield _missing_version(document)
        return
    if not isinstance(root.value, Mapping):
        if root.ref not in document.broken:
            yield Diagnostic(
                rule="wrong-type",
                message="a catalog is a map with `version: 1` and " + _listed(_sections()),
                ref=root.ref,
                hint="begin the file with `version: 1`; `kaiten-sync init` writes an example",
            )
        return
    other = other_kind(root.entries, FileKind.CATALOG)
    if other is not None:
        message = f"this is {other}, not {FileKind.CATALOG}"
        yield Diagnostic(rule="other-file", message=message, ref=root.ref, hint=WHERE[other])
        return
    yield from _version_diagnostics(document)
    yield from _key_diagnostics(document)


def _key_diagnostics(document: Document) -> Iterable[Diagnostic]:
    """Keys at the top of a file that are not of a catalog, and sections that are not maps."""
    entries, sections = document.root.entries, _sections()
    known = {"version", *sections}
    suggestions = Suggestions()
    outside = _outside(entries, known)
    beside = {name for names in outside.values() for name in names}
    for name, entry in entries.items():
        if name in outside:
            yield _not_indented(name, outside[name][0], entries)
        elif name in sections and not isinstance(entry.node.value, Mapping):
            if entry.node.ref not in document.broken:
                yield _bad_section(name, entry)
        elif name not in known | beside and entry.key_ref not in document.broken:
            yield Diagnostic(
                rule="unknown-field",
                message=f"unknown field '{shorten(name)}' at the top of a catalog",
                ref=entry.key_ref,
                hint=field_hint(name, known)
                or suggestions.meant(name, known)
                or "a catalog has " + _listed(known),
            )


def _version_diagnostics(document: Document) -> Iterable[Diagnostic]:
    entry = document.root.entries.get("version")
    if entry is None:
        # It is among the first keys, and reported as what it is if it is misspelled.
        first = islice(document.root.entries, _FIRST_KEYS)
        if document.is_complete and not misspelled(first, {"version"}):
            yield _missing_version(document)
        return
    value = entry.node.value
    if entry.node.ref in document.broken:
        return
    # To Python, true is 1. The version 1.0 is 1 in YAML as well.
    if isinstance(value, bool) or value != CATALOG_VERSION:
        yield Diagnostic(
            rule="unknown-version",
            message="this is not a catalog version that this program reads",
            ref=entry.node.ref,
            hint=f"write `version: {CATALOG_VERSION}`, without quotes",
        )


def _missing_version(document: Document) -> Diagnostic:
    return Diagnostic(
        rule="missing-version",
        message="this file has no `version`",
        ref=document.root.ref,
        hint=f"add `version: {CATALOG_VERSION}` at the top",
    )


def _bad_section(name: str, entry: Entry) -> Diagnostic:
    """An empty section of an overlay would remove all of it: too much for a forgotten line."""
    if entry.node.value is None:
        return Diagnostic(
            rule="empty-section",
            message=f"'{name}' is null",
            ref=entry.key_ref,
            hint=f"remove the line, or write `{name}: {{}}`",
        )
    return Diagnostic(
        rule="wrong-type",
        message=f"'{name}' must be a map from slugs to objects",
        ref=entry.node.ref,
        hint="write each below its slug, without the dash: `growth: {name: Growth, ...}`",
    )


def _outside(entries: Mapping[str, Entry], known: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The unknown maps that follow each empty section: its own, if they were indented."""
    found: dict[str, list[str]] = defaultdict(list)
    section: str | None = None
    for name, entry in entries.items():
        value = entry.node.value
        if name in known:
            section = name if value is None and name != "version" else None
        elif section is not None and isinstance(value, Mapping):
            found[section].append(name)
    return found


def _not_indented(section: str, first: str, entries: Mapping[str, Entry]) -> Diagnostic:
    shown = shorten(first)
    return Diagnostic(
        rule="empty-section",
        message=f"'{section}' is null, and '{shown}' is not indented below it",
        ref=entries[first].key_ref,
        hint=f"indent `{shown}:` and what follows it, if they belong to `{section}`",
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


# -- base files -----------------------------------------------------------------------------


def _usable(document: Document) -> Mapping[str, Entry]:
    """The top-level entries that have the shape of a catalog; the others were reported."""
    sections = _sections()
    return {
        name: entry
        for name, entry in document.root.entries.items()
        if name in sections and isinstance(entry.node.value, Mapping)
    }


def _add(entries: dict[str, Entry], document: Document) -> Iterable[Diagnostic]:
    """Add a base file's objects to those of the files before it."""
    for name, entry in _usable(document).items():
        present = entries.get(name)
        if present is None:
            entries[name] = Entry(entry.key_ref, Node(entry.node.ref, dict(entry.node.entries)))
            continue
        objects = dict(present.node.entries)
        for slug, declared in entry.node.entries.items():
            # The first one counts from here on, so that later checks have one object to be about.
            first = objects.setdefault(slug, declared)
            if first is not declared:
                kind = _sections()[name]
                yield Diagnostic(
                    rule="duplicate-slug",
                    message=f"{kind}/{slug} is declared twice, first at {first.key_ref}",
                    ref=declared.key_ref,
                    address=f"{kind}/{slug}",
                    hint="keep one; what differs per target belongs in an overlay",
                )
        entries[name] = Entry(present.key_ref, Node(present.node.ref, objects))
