"""Merges overlays over a catalog, key by key; null takes a key away. Stage 1.

As in JSON Merge Patch (RFC 7396), maps are merged and anything else is replaced. A catalog has
more to lose than JSON, so two things are stricter (ADR 19): null is a removal only where the
catalog has keys of its own, and a removal that removes nothing is a mistake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from kaiten_sync.declare.findings import did_you_mean
from kaiten_sync.declare.scalars import shorten
from kaiten_sync.kinds.registry import child_kinds, spec_of, top_kinds
from kaiten_sync.kinds.spec import KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, Node
from kaiten_sync.model.source import SourceRef


class Overlaying:
    """A catalog over which overlays are merged, one after another.

    `root` is the catalog so far, `removed` what the overlays take away, and `reported` the places
    of objects that need no second finding.
    """

    def __init__(self, root: Node, *, is_complete: bool) -> None:
        """Start with the base. A removal may be right if files could not be read whole."""
        self.root = root
        self.removed: dict[Address, SourceRef] = {}
        self.reported: frozenset[SourceRef] = frozenset()
        self._is_complete = is_complete
        self._added: dict[Address, Entry] = {}
        self._broken: frozenset[SourceRef] = frozenset()
        self._findings: list[Diagnostic] = []

    def lay_over(
        self, sections: Mapping[str, Entry], broken: frozenset[SourceRef]
    ) -> list[Diagnostic]:
        """Merge the sections of one overlay, and return what is wrong with its removals."""
        self._broken, self._findings = broken, []
        entries = dict(self.root.entries)
        for spec in top_kinds():
            if spec.section in sections:
                under, over = entries.get(spec.section), sections[spec.section]
                entries[spec.section] = self._objects(spec, under, over, None)
        self.root = Node(self.root.ref, entries)
        return self._findings if self._is_complete else []

    def unfinished(self) -> Iterator[Diagnostic]:
        """Objects that only overlays have, and that are not whole: their base is gone."""
        if not self._is_complete:
            return
        for address, entry in self._added.items():
            declared = list(self.root.walk(_path(address)))
            if len(declared) < len(_path(address)) or not _is_map(declared[-1]):
                continue
            fields = declared[-1].node.entries
            missing = [f"`{n}`" for n in spec_of(address.kind).required if n not in fields]
            if not missing or address.parent in self._added:
                continue
            self.reported |= {entry.key_ref}
            hint = _elsewhere(address, self.root)
            yield Diagnostic(
                rule="overlay-without-base",
                message=f"only this overlay has it: the catalog below declares no such"
                f" {address.kind}",
                ref=entry.key_ref,
                address=str(address),
                hint=hint
                or f"correct the slug, or declare it whole here, with {' and '.join(missing)}",
            )

    def _objects(
        self, spec: KindSpec, under: Entry | None, over: Entry, parent: Address | None
    ) -> Entry:
        """A section's objects, or the objects of one kind inside another."""
        entries = dict(under.node.entries) if under is not None else {}
        for slug, entry in over.node.entries.items():
            address = Address(spec.kind, slug, parent)
            if entry.node.value is None:
                if entries.pop(slug, None) is not None:
                    self.removed[address] = entry.key_ref
                elif entry.node.ref not in self._broken:
                    self._findings.append(_no_object(address, entry, entries, self.root))
                continue
            present = _as_map(spec, entries.get(slug)) if _is_map(entry) else None
            if slug not in entries:
                self._added[address] = entry
            self.removed.pop(address, None)
            if _is_map(entry):
                entries[slug] = self._object(spec, present, entry, address)
            else:
                entries[slug] = entry
        return _over(under, over, entries)

    def _object(self, spec: KindSpec, under: Entry | None, over: Entry, address: Address) -> Entry:
        children = {child.section: child for child in child_kinds(spec.kind)}
        entries = dict(under.node.entries) if under is not None else {}
        # The API's tag says that the value is the API's own: whole, as its answers have it.
        is_whole = bool(spec.tag) and spec.tag in over.node.entries
        for name, entry in over.node.entries.items():
            present = entries.get(name)
            if entry.node.value is None:
                if entries.pop(name, None) is None and entry.node.ref not in self._broken:
                    self._findings.append(_no_field(spec, address, entry, name, entries))
            elif name in children and _is_map(entry):
                entries[name] = self._objects(children[name], present, entry, address)
            elif present is not None and _is_map(present) and _is_map(entry) and not is_whole:
                entries[name] = _merged_value(present, entry)
            else:
                entries[name] = entry
        return _over(under, over, entries)


def _merged_value(under: Entry, over: Entry) -> Entry:
    """A CONFIG value over another. A null in it is a value. The reader bounds the depth."""
    entries = dict(under.node.entries)
    for key, entry in over.node.entries.items():
        present = entries.get(key)
        is_deeper = present is not None and _is_map(present) and _is_map(entry)
        entries[key] = _merged_value(present, entry) if present and is_deeper else entry
    return _over(under, over, entries)


def _over(under: Entry | None, over: Entry, entries: Mapping[str, Entry]) -> Entry:
    """A merged map keeps the place where it was first declared."""
    first = under if under is not None and _is_map(under) else over
    return Entry(first.key_ref, Node(first.node.ref, entries))


def _is_map(entry: Entry) -> bool:
    return isinstance(entry.node.value, Mapping)


def _as_map(spec: KindSpec, entry: Entry | None) -> Entry | None:
    """An object as a map, written out if its value stands bare: `5` is `{value: 5}`."""
    if entry is None or _is_map(entry):
        return entry
    if not spec.shorthand or entry.node.value is None:
        return None
    bare = {spec.shorthand: Entry(entry.node.ref, entry.node)}
    return Entry(entry.key_ref, Node(entry.node.ref, bare))


def _no_object(address: Address, entry: Entry, declared: Collection[str], root: Node) -> Diagnostic:
    hint = did_you_mean(address.slug, declared) or _elsewhere(address, root)
    return Diagnostic(
        rule="removes-nothing",
        message="null takes nothing away here: the catalog below this overlay does not declare it",
        ref=entry.key_ref,
        address=str(address),
        hint=hint or "remove the line",
    )


def _no_field(
    spec: KindSpec, address: Address, entry: Entry, name: str, declared: Collection[str]
) -> Diagnostic:
    known = [*(key.name for key in spec.keys), *(c.section for c in child_kinds(spec.kind))]
    hint = did_you_mean(name, declared) or (None if name in known else did_you_mean(name, known))
    return Diagnostic(
        rule="removes-nothing",
        message=f"`{shorten(name)}: null` takes nothing away: the {spec.kind} below this overlay"
        " has no such key",
        ref=entry.key_ref,
        address=str(address),
        hint=hint or "remove the line",
    )


def _elsewhere(address: Address, root: Node) -> str | None:
    """A hint at the object that may be meant: of a similar slug, or of another kind."""
    place = list(root.walk(_path(address)[:-1]))
    beside = place[-1].node.entries if place else {}
    if hint := did_you_mean(address.slug, beside.keys() - {address.slug}):
        return hint
    for spec in top_kinds() if address.parent is None else ():
        section = root.entries.get(spec.section)
        is_other = spec.kind != address.root.kind
        if is_other and section is not None and address.slug in section.node.entries:
            return f"did you mean {spec.kind}/{address.slug}, below `{spec.section}`?"
    return None


def _path(address: Address) -> tuple[str, ...]:
    above = () if address.parent is None else _path(address.parent)
    return (*above, spec_of(address.kind).section, address.slug)
