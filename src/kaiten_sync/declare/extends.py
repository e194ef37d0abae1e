"""Resolves `extends`: objects inherit the children of others, and of bundles. Stage 1.

Inheriting is shorthand. The flattened catalog is what the same children written out would give;
each inherited one keeps the place where it is declared and the names that it came through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from kaiten_sync.declare.overlays import laid_over, nulls_over_nothing
from kaiten_sync.declare.scalars import shorten
from kaiten_sync.kinds.closest import Suggestions
from kaiten_sync.kinds.meant import slug_meant
from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.kinds.spec import BUNDLE, EXTENDS, KindSpec
from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import Entry, MergedCatalog, Node
from kaiten_sync.model.source import SourceRef

MAX_INHERITED = 500_000
"""Inherited objects in a whole catalog: as many as a file may have values. Bundles that extend
bundles multiply, as YAML aliases do."""

_NOTHING_BELOW = "overlay-without-base"

MAX_THROUGH = 8
"""Names that a place remembers of the way it came: the nearest, and the last seven. Nobody reads
more, and a chain of thousands would cost the square of its length."""


@dataclass(slots=True)
class _Base:
    """Something that has children and may extend others: a bundle, or an object of a parent."""

    kind: str
    slug: str
    section: str
    entry: Entry
    extends: Mapping[str, SourceRef] = field(default_factory=dict)
    is_whole: bool = True
    """Whether everything that it extends was found."""
    children: dict[str, Entry] | None = None
    """Own and inherited ones, once resolved; None if nothing declares any."""
    removed: dict[str, SourceRef] = field(default_factory=dict)
    """The children that null takes away, each with its place."""
    is_written_out: bool = False
    """Whether its children differ from those that are declared in it."""

    @property
    def address(self) -> str:
        return f"{self.kind}/{self.slug}"

    def diagnostic(self, rule: str, message: str, hint: str | None = None) -> Diagnostic:
        ref = self.entry.key_ref
        return Diagnostic(rule=rule, message=message, ref=ref, address=self.address, hint=hint)


def inherit(merged: MergedCatalog) -> tuple[MergedCatalog, tuple[Diagnostic, ...]]:
    """The catalog with every inherited object written out, without bundles, and what is wrong.

    What cannot be resolved (unknown names, cycles) is reported and inherits nothing.
    """
    found: list[Diagnostic] = []
    sections = dict(merged.root.entries)
    removed, broken = dict(merged.removed), set(merged.broken)
    bundles: dict[str, dict[str, Entry]] = {}
    for spec in all_kinds():
        if spec.bundles:
            bases = _bases(spec, sections)
            wrong = [*_resolve(spec, bases, merged)]
            found += wrong
            broken |= {each.ref for each in wrong if each.rule == _NOTHING_BELOW and each.ref}
            sections.pop(spec.bundles, None)
            bundles[spec.kind] = {
                base.slug: _written_out(spec, base) for base in bases if base.kind == BUNDLE
            }
            for parent in spec.parents:
                _write_out(spec, spec_of(parent).section, sections, bases)
            removed |= {
                Address(spec.kind, slug, Address(spec_of(base.kind).kind, base.slug)): ref
                for base in bases
                if base.kind != BUNDLE
                for slug, ref in base.removed.items()
            }
    lined = tuple(each.changed(line_text=merged.line_text(each.ref)) for each in found)
    root = Node(merged.root.ref, sections)
    extended = merged.changed(root=root, removed=removed, broken=frozenset(broken))
    return extended.changed(bundles=bundles), lined


def _bases(spec: KindSpec, sections: Mapping[str, Entry]) -> list[_Base]:
    """Everything that children of a kind can be inherited from, bundles first."""
    places = [(spec.bundles, BUNDLE), *((spec_of(p).section, p) for p in spec.parents)]
    return [
        _Base(word, slug, section, entry)
        for section, word in places
        if section in sections
        for slug, entry in sections[section].node.entries.items()
        if isinstance(entry.node.value, dict) or (entry.node.value is None and word == BUNDLE)
    ]


def _resolve(spec: KindSpec, bases: list[_Base], merged: MergedCatalog) -> Iterator[Diagnostic]:
    """Give every base its children, those first that others extend."""
    for base in bases:
        if base.entry.node.value is None:
            hint = "declare `entitlements:` below it, or remove the line"
            yield base.diagnostic("empty-object", f"the {base.kind} is empty", hint)
    by_name: dict[str, _Base] = {}
    # Only names that somebody extends have to be unambiguous.
    named = {name for base in bases for name, _ in _names_in(base)}
    for base in bases:
        first = by_name.setdefault(base.slug, base)
        # Objects of two kinds may share a name that nobody extends.
        is_ambiguous = BUNDLE in (first.kind, base.kind) or base.slug in named
        if first is not base and is_ambiguous:
            yield first.diagnostic(
                "duplicate-slug",
                f"`{EXTENDS}: {base.slug}` could mean {first.address} or {base.address}",
                f"give the {BUNDLE if BUNDLE in (first.kind, base.kind) else base.kind}"
                " another name",
            )
    places = {spec.kind for spec in map(spec_of, spec.parents)} | {BUNDLE}
    gone = {a.slug: ref for a, ref in merged.removed.items() if a.kind in places}
    suggestions = Suggestions()
    for base in by_name.values():
        base.extends, unknown = _extended(base, by_name, gone, suggestions)
        names = {name for name, _ in _names_in(base)}
        base.is_whole = merged.is_complete and base.extends.keys() == names
        if merged.is_complete:
            yield from unknown
    yield from _cut_cycles(by_name)
    order = TopologicalSorter({name: base.extends.keys() for name, base in by_name.items()})
    inherited = 0
    for name in order.static_order():
        base = by_name[name]
        passed_on = {
            slug: _through(each, entry)
            for each in base.extends  # later ones win
            for slug, entry in (by_name[each].children or {}).items()
        }
        inherited += len(passed_on)
        # Stopped on the way: a few lines of bundles that extend bundles can mean billions.
        if inherited > MAX_INHERITED:
            many = (
                f"`{EXTENDS}` expands the catalog to more than {MAX_INHERITED:,} inherited objects"
            )
            yield base.diagnostic("too-many-values", many)
            return
        yield from _settle(spec, base, passed_on, merged, suggestions)
    if all(base.is_whole for base in bases):
        yield from _extended_by_nobody(spec, bases, by_name, merged.overlaid_bundles, suggestions)


def _extended(
    base: _Base,
    by_name: Mapping[str, _Base],
    gone: Mapping[str, SourceRef],
    suggestions: Suggestions,
) -> tuple[Mapping[str, SourceRef], list[Diagnostic]]:
    """The names that a base extends with their places, and the names that nothing has.

    An overlay takes away what is in `gone`.
    """
    names = _names_in(base)
    unknown = [
        Diagnostic(
            rule="undeclared-reference",
            message=f"nothing that can be extended is named '{shorten(name)}'",
            ref=ref,
            address=base.address,
            hint=f"{gone[name]} takes it away: change this in that overlay as well"
            if name in gone
            else suggestions.meant(name, by_name)
            or "declare it under `bundles:`, `licenses:` or `families:`",
        )
        for name, ref in names
        # or the schema says what it wants
        if name and name not in by_name and slug_meant(name) == name
    ]
    found: dict[str, SourceRef] = {}
    for name, ref in names:
        found.pop(name, None)  # of two places in a list the later one counts
        if name in by_name:
            found[name] = ref
    return found, unknown


def _extended_by_nobody(
    spec: KindSpec,
    bases: list[_Base],
    by_name: Mapping[str, _Base],
    overlaid: Mapping[str, SourceRef],
    suggestions: Suggestions,
) -> Iterator[Diagnostic]:
    """Bundles that an overlay changes, or adds, although no object gets anything from them."""
    reached = {base.slug: base for base in bases if base.section != spec.bundles}
    waiting = [*reached.values()]
    while waiting:
        found = {name: by_name[name] for name in waiting.pop().extends if name not in reached}
        reached |= found
        waiting += found.values()
    extended = {slug for slug, base in reached.items() if base.section == spec.bundles}
    for slug, ref in overlaid.items():
        if slug in by_name and slug not in reached:
            yield Diagnostic(
                rule="extended-by-nobody",
                message="this part of an overlay changes nothing: nothing extends the bundle",
                ref=ref,
                address=by_name[slug].address,
                hint=suggestions.meant(slug, extended)
                or f"add `{EXTENDS}: {slug}`, or remove the part",
            )


def _names_in(base: _Base) -> list[tuple[str, SourceRef]]:
    """The names that a base says it extends, each with its place."""
    entry = base.entry.node.entries.get(EXTENDS)
    value = entry.node.value if entry is not None else ()
    nodes = value if isinstance(value, tuple) else (entry.node,) if entry is not None else ()
    return [(node.value, node.ref) for node in nodes if isinstance(node.value, str)]


def _cut_cycles(by_name: Mapping[str, _Base]) -> Iterator[Diagnostic]:
    """Report the cycles, and take them apart so that the rest can be resolved."""
    sorter = TopologicalSorter({name: base.extends.keys() for name, base in by_name.items()})
    with suppress(CycleError):
        sorter.prepare()
    stuck = dict(by_name)
    while ready := sorter.get_ready():  # as many as the cycles let through
        sorter.done(*ready)
        for name in ready:
            del stuck[name]
    for cycle in _cycles({name: [n for n in b.extends if n in stuck] for name, b in stuck.items()}):
        base = stuck[cycle[0]]
        is_one = len(cycle) == 1
        yield Diagnostic(
            rule="extends-cycle",
            message=f"{' extends '.join([*cycle, cycle[0]])}: nothing can extend itself",
            ref=base.extends[cycle[1 % len(cycle)]],
            address=base.address,
            hint=f"remove {cycle[0]} here, or name what it is to extend"
            if is_one
            else "move what they share into a bundle that both extend",
        )
    for base in stuck.values():
        base.extends = {name: ref for name, ref in base.extends.items() if name not in stuck}
        base.is_whole = False


def _cycles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """A cycle of each part of a graph in which every node leads somewhere."""
    seen: set[str] = set()
    for start in edges:
        path: list[str] = []
        name = start
        while name not in seen:
            seen.add(name)
            path.append(name)
            name = edges[name][0]
        if name in path:
            yield path[path.index(name) :]


def _settle(
    spec: KindSpec,
    base: _Base,
    passed_on: dict[str, Entry],
    merged: MergedCatalog,
    suggestions: Suggestions,
) -> Iterator[Diagnostic]:
    """Own children over inherited ones; null takes an inherited one away.

    A null that has taken away one of the object's own already, or that an overlay leaves with
    nothing to take away, is right. The partial ones of overlays are laid over the inherited one.
    """
    own = base.entry.node.entries.get(spec.section)
    base.is_written_out = EXTENDS in base.entry.node.entries
    if own is None:
        base.children = passed_on or None
        return
    children, taken_away = dict(passed_on), frozenset(merged.removed.values())
    for slug, entry in own.node.entries.items():
        is_null = entry.node.value is None
        is_below = is_null and entry.key_ref.file in merged.overlaid
        if slug in passed_on and entry.key_ref in merged.partial:
            children[slug] = laid_over(spec, passed_on[slug], entry)
            address = f"{base.address}/{spec.kind}/{slug}"
            yield from nulls_over_nothing(spec, address, passed_on[slug], entry, suggestions)
        elif not is_null or (base.is_whole and not base.extends and not is_below):
            children[slug] = entry
            if merged.partial and base.is_whole and entry.key_ref in merged.partial:
                yield Diagnostic(
                    rule=_NOTHING_BELOW,
                    message=f"only this overlay has it: {base.address} inherits no such"
                    f" {spec.kind} from what it extends ({', '.join(base.extends)})",
                    ref=entry.key_ref,
                    address=f"{base.address}/{spec.kind}/{slug}",
                    hint=suggestions.meant(slug, passed_on)
                    or f"declare it whole here, with `{'` and `'.join(spec.required)}`",
                )
        elif children.pop(slug, None) is not None:
            base.removed[slug] = entry.key_ref
        elif is_below:
            base.is_written_out = True
        elif base.is_whole and entry.key_ref not in taken_away:
            yield Diagnostic(
                rule="removes-nothing",
                message=f"there is no inherited {spec.kind} '{shorten(slug)}' to take away",
                ref=entry.key_ref,
                address=base.address,
                hint=suggestions.meant(slug, passed_on) or "remove the line",
            )
    base.children = children


def _through(name: str, entry: Entry) -> Entry:
    """An inherited object, whose places say that it came through a base."""

    def passed(ref: SourceRef) -> SourceRef:
        through = (name, *ref.through[1 - MAX_THROUGH :])
        return SourceRef(ref.file, ref.line, ref.column, through)

    value = entry.node.value
    if isinstance(value, dict):
        value = {key: Entry(passed(each.key_ref), each.node) for key, each in value.items()}
    return Entry(passed(entry.key_ref), Node(passed(entry.node.ref), value))


def _write_out(
    spec: KindSpec, section: str, sections: dict[str, Entry], bases: list[_Base]
) -> None:
    """Put what the parents have, inherited or not, into their section of the catalog."""
    if section not in sections:
        return
    parents = dict(sections[section].node.entries)
    for base in bases:
        if base.section == section and base.is_written_out:
            parents[base.slug] = _written_out(spec, base)
    declared = sections[section]
    sections[section] = Entry(declared.key_ref, Node(declared.node.ref, parents))


def _written_out(spec: KindSpec, base: _Base) -> Entry:
    node = base.entry.node
    entries = {name: entry for name, entry in node.entries.items() if name != EXTENDS}
    if base.children is not None:
        own = entries.get(spec.section)
        key_ref, ref = (own.key_ref, own.node.ref) if own else (base.entry.key_ref, node.ref)
        entries[spec.section] = Entry(key_ref, Node(ref, base.children))
    return Entry(base.entry.key_ref, Node(node.ref, entries))
