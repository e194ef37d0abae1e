"""Merges overlays over a catalog, key by key; null takes a key away. Stage 1.

As in JSON Merge Patch (RFC 7396), maps are merged and anything else is replaced. A catalog has
more to lose than JSON, so two things are stricter (ADR 20): null is a removal only where the
catalog has keys of its own, and a removal that removes nothing is a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kaiten_sync.declare.scalars import shorten
from kaiten_sync.immutable import Immutable
from kaiten_sync.kinds.closest import Suggestions
from kaiten_sync.kinds.registry import all_kinds, child_kinds, top_kinds
from kaiten_sync.kinds.spec import BUNDLE, EXTENDS, FieldSpec, KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, Node
from kaiten_sync.model.source import SourceRef


class _Place(Immutable, frozen=True, kw_only=True):
    """An object of a catalog: its address, its table, and the sections inside it."""

    address: Address
    spec: KindSpec
    path: tuple[str, ...]
    inner: Mapping[str, KindSpec]

    def diagnostic(self, rule: str, message: str, ref: SourceRef, hint: str) -> Diagnostic:
        address = str(self.address)
        return Diagnostic(rule=rule, message=message, ref=ref, address=address, hint=hint)


class Overlaying:
    """A catalog over which overlays are merged, one after another.

    `root` is the catalog so far, `removed` what the overlays take away, `reported` the places of
    objects that need no second diagnostic, `partial` those of objects that can only be whole over
    what they inherit, and `bundles` what the overlays change of bundles.
    """

    def __init__(self, root: Node, *, is_complete: bool) -> None:
        """Start with the base. A removal may be right if files could not be read whole."""
        self.root = root
        self.removed: dict[Address, SourceRef] = {}
        self.reported: frozenset[SourceRef] = frozenset()
        self.partial: frozenset[SourceRef] = frozenset()
        self.bundles: dict[str, SourceRef] = {}
        self._is_complete = is_complete
        self._added: dict[Address, tuple[_Place, Entry]] = {}
        self._stripped: dict[tuple[str, ...], tuple[_Place, Entry]] = {}
        self._broken: frozenset[SourceRef] = frozenset()
        self._wrong: list[Diagnostic] = []
        self._suggestions = Suggestions()

    def lay_over(
        self, sections: Mapping[str, Entry], broken: frozenset[SourceRef]
    ) -> list[Diagnostic]:
        """Merge the sections of one overlay, and return what is wrong with its removals."""
        self._broken, self._wrong = broken, []
        entries = dict(self.root.entries)
        tables = [(spec, _sections_in(spec)) for spec in top_kinds()]
        # Bundles of objects of a kind are laid over as if they were a kind themselves.
        # The table is made here and registered nowhere: no server has bundles, and no plan.
        notes = (FieldSpec(name=EXTENDS, is_note=True),)
        tables += [
            (KindSpec(kind=BUNDLE, section=s.bundles, path="", keys=notes), {s.section: s})
            for s in all_kinds()
            if s.bundles
        ]
        for spec, inner in tables:
            if spec.section in sections:
                under, over = entries.get(spec.section), sections[spec.section]
                places = [
                    _Place(
                        address=Address(spec.kind, slug),
                        spec=spec,
                        path=(spec.section, slug),
                        inner=inner,
                    )
                    for slug in over.node.entries
                ]
                entries[spec.section] = self._objects(places, under, over)
        self.root = Node(self.root.ref, entries)
        # What could not be read may have what seems to be missing.
        return self._wrong if self._is_complete else []

    def unfinished(self) -> Iterator[Diagnostic]:
        """Objects that are not whole: an overlay takes a part away, or their base is gone."""
        for path, (place, entry) in self._stripped.items() if self._is_complete else ():
            declared = list(self.root.walk(path))
            if len(declared) == len(path) - 1 and _is_map(declared[-1]):
                self.reported |= {declared[-1].key_ref}
                yield place.diagnostic(
                    "missing-field",
                    f"null takes `{path[-1]}` away, which every {place.spec.kind} has",
                    entry.key_ref,
                    "write another value, or remove the line",
                )
        yield from self._without_base()

    def _without_base(self) -> Iterator[Diagnostic]:
        for place, entry in self._added.values() if self._is_complete else ():
            declared = list(self.root.walk(place.path))
            if len(declared) < len(place.path) or not _is_map(declared[-1]):
                continue
            fields = declared[-1].node.entries
            missing = [f"`{n}`" for n in place.spec.required if n not in fields]
            parent = declared[-3] if place.address.parent is not None else None
            may_inherit = parent is not None and EXTENDS in parent.node.entries
            if missing and may_inherit:
                self.partial |= {entry.key_ref}
            if not missing or may_inherit or place.address.parent in self._added:
                continue
            self.reported |= {entry.key_ref}
            whole = f"correct the slug, or declare it whole here, with {' and '.join(missing)}"
            yield place.diagnostic(
                "overlay-without-base",
                f"only this overlay has it: the catalog below declares no such {place.spec.kind}",
                entry.key_ref,
                self._meant(place) or whole,
            )

    def _objects(
        self, places: list[_Place], under: Entry | None, over: Entry, *, inherits: bool = False
    ) -> Entry:
        """The objects of a section. Their parent `inherits` if it extends something."""
        entries = dict(under.node.entries) if under is not None else {}
        for place in places:
            slug = place.address.slug
            entry, present = over.node.entries[slug], entries.get(slug)
            if entry.node.value is None:
                entries.pop(slug, None)
                # A null that is there takes an inherited one away, and leaves nothing to another.
                is_gone = present is not None and present.node.value is None
                if present is not None and not is_gone:
                    self.removed[place.address] = entry.key_ref
                elif (is_gone or not inherits) and entry.node.ref not in self._broken:
                    found = place.diagnostic(
                        "removes-nothing",
                        "null takes nothing away here: the catalog below this overlay does not"
                        " declare it",
                        entry.key_ref,
                        self._suggestions.meant(slug, entries)
                        or self._meant(place)
                        or "remove the line",
                    )
                    self._wrong.append(found)
                if inherits:
                    entries[slug] = entry  # `extends.py` takes the inherited one away
                continue
            # A later overlay may declare again what an earlier one takes away.
            self.removed.pop(place.address, None)
            if place.address.kind == BUNDLE:
                self.bundles[slug] = entry.key_ref
            if present is None:
                self._added[place.address] = (place, entry)
            names = entry.node.entries.keys()
            if present is None and inherits and not names >= set(place.spec.required):
                entries[slug] = entry  # `extends.py` lays it over the inherited one
                continue
            entries[slug] = self._object(place, present, entry) if _is_map(entry) else entry
        return _over(under, over, entries)

    def _object(self, place: _Place, under: Entry | None, over: Entry) -> Entry:
        spec = place.spec
        under = _as_map(spec, under)
        entries = dict(under.node.entries) if under is not None else {}
        # The API's tag says that the value is the API's own: whole, as its answers have it.
        is_whole = bool(spec.tag) and spec.tag in over.node.entries
        inherits = EXTENDS in entries or EXTENDS in over.node.entries
        for name, entry in over.node.entries.items():
            present = entries.get(name)
            if entry.node.value is None:
                if entries.pop(name, None) is None and entry.node.ref not in self._broken:
                    self._wrong.append(
                        _no_field(
                            place.spec, str(place.address), entry, name, entries, self._suggestions
                        )
                    )
                elif name in place.spec.required:
                    self._stripped[*place.path, name] = (place, entry)
            elif not _is_map(entry):
                entries[name] = entry
            elif name in place.inner:
                child = place.inner[name]
                places = [
                    _Place(
                        address=Address(child.kind, slug, place.address),
                        spec=child,
                        path=(*place.path, child.section, slug),
                        inner=_sections_in(child),
                    )
                    for slug in entry.node.entries
                ]
                entries[name] = self._objects(places, present, entry, inherits=inherits)
            elif present is not None and _is_map(present) and not is_whole:
                entries[name] = _merged_value(present, entry)
            else:
                entries[name] = entry
        return _over(under, over, entries)

    def _no_field(
        self, place: _Place, entry: Entry, name: str, declared: Iterable[str]
    ) -> Diagnostic:
        known = [*(key.name for key in place.spec.keys), *place.inner]
        hint = self._suggestions.meant(name, declared)
        if hint is None and name not in known:
            hint = self._suggestions.meant(name, known)
        return place.diagnostic(
            "removes-nothing",
            f"`{shorten(name)}: null` takes nothing away: the {place.spec.kind} below this overlay"
            " has no such key",
            entry.key_ref,
            hint or "remove the line",
        )

    def _meant(self, place: _Place) -> str | None:
        """A hint at the object that may be meant: of a similar slug, or of another kind."""
        slug = place.address.slug
        beside = list(self.root.walk(place.path[:-1]))
        if beside and (hint := self._suggestions.meant(slug, beside[-1].node.entries)):
            return hint
        for spec in top_kinds() if place.address.parent is None else ():
            section = self.root.entries.get(spec.section)
            if (
                section is not None
                and spec.kind != place.spec.kind
                and slug in section.node.entries
            ):
                return f"did you mean {spec.kind}/{slug}, below `{spec.section}`?"
        return None


def laid_over(spec: KindSpec, under: Entry, over: Entry) -> Entry:
    """An object of an overlay over one that has no objects inside; null takes a field away."""
    under = _as_map(spec, under) or under
    entries = {**under.node.entries, **over.node.entries}
    kept = {name: entry for name, entry in entries.items() if entry.node.value is not None}
    return Entry(under.key_ref, Node(under.node.ref, kept))


def nulls_over_nothing(
    spec: KindSpec, address: str, under: Entry, over: Entry, suggestions: Suggestions
) -> Iterator[Diagnostic]:
    """The fields that an overlay takes away from an inherited object that has none of them."""
    declared = (_as_map(spec, under) or under).node.entries
    for name, entry in over.node.entries.items():
        if entry.node.value is None and name not in declared:
            yield _no_field(spec, address, entry, name, declared, suggestions)


def _sections_in(spec: KindSpec) -> dict[str, KindSpec]:
    return {child.section: child for child in child_kinds(spec.kind)}


def _merged_value(under: Entry, over: Entry) -> Entry:
    """A CONFIG value over another. A null in it is a value. The reader bounds the depth."""
    entries = dict(under.node.entries)
    for key, entry in over.node.entries.items():
        present = entries.get(key)
        is_deeper = present is not None and _is_map(present) and _is_map(entry)
        entries[key] = _merged_value(present, entry) if present and is_deeper else entry
    return _over(under, over, entries)


def _over(under: Entry | None, over: Entry, entries: dict[str, Entry]) -> Entry:
    """A merged map keeps the place where it was first declared."""
    first = under if under is not None and _is_map(under) else over
    return Entry(first.key_ref, Node(first.node.ref, entries))


def _is_map(entry: Entry) -> bool:
    return isinstance(entry.node.value, dict)


def _as_map(spec: KindSpec, entry: Entry | None) -> Entry | None:
    """An object as a map, written out if it is a bare value: `5` is `{value: 5}`."""
    if entry is None or _is_map(entry):
        return entry
    if not spec.shorthand or entry.node.value is None:
        return None
    bare = {spec.shorthand: Entry(entry.node.ref, entry.node)}
    return Entry(entry.key_ref, Node(entry.node.ref, bare))


def _no_field(
    spec: KindSpec,
    address: str,
    entry: Entry,
    name: str,
    declared: Iterable[str],
    suggestions: Suggestions,
) -> Diagnostic:
    known = [*(key.name for key in spec.keys), *(child.section for child in all_kinds())]
    hint = suggestions.meant(name, declared) or (
        None if name in known else suggestions.meant(name, known)
    )
    return Diagnostic(
        rule="removes-nothing",
        message=f"`{shorten(name)}: null` takes nothing away: the {spec.kind} below this overlay"
        " has no such key",
        ref=entry.key_ref,
        address=address,
        hint=hint or "remove the line",
    )
