"""Whether what is named is declared, and what is declared is ours."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.closest import Suggestions
from kaiten_sync.kinds.meant import EXTENDS_GOES
from kaiten_sync.kinds.references import field_references, references
from kaiten_sync.kinds.registry import spec_of
from kaiten_sync.kinds.spec import EXTENDS, Reference
from kaiten_sync.model.address import Address
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.settings import Scope
from kaiten_sync.model.source import SourceRef


def reference_diagnostics(view: CatalogView, scope: Scope) -> Iterator[Diagnostic]:
    """Names of objects that are not declared, unless another repository declares them."""
    suggestions = Suggestions()
    for declared in _referring(view):
        for target, reference, ref in _references(declared):
            # What is out of scope is declared by another repository, and only the server can tell
            # whether it exists.
            if reference.is_strict and target not in view.objects and scope.covers(target):
                yield declared.diagnostic_at(
                    ref,
                    reference.rule,
                    f"the {target.kind} '{target.slug}' is not declared",
                    _hint(target, view, suggestions),
                )


def scope_diagnostics(view: CatalogView, scope: Scope) -> Iterator[Diagnostic]:
    """Objects that are declared here although the project file says they are not ours."""
    for declared in view.objects.values():
        if declared.address.parent is None and not scope.covers(declared.address):
            yield declared.diagnostic(
                "outside-scope",
                f"the project's scope leaves out {declared.address}",
                hint="remove it here, or widen `scope` in kaiten-sync.yaml",
            )


def _referring(view: CatalogView) -> Iterator[Declared]:
    """The objects that may refer to what is not declared.

    Most refer by their slug alone, and to a few targets many times: those are looked up once.
    """
    for kind, objects in view.by_kind.items():
        spec = spec_of(kind)
        if spec.referring_fields:
            yield from objects
        elif spec.slug_refers_to is not None:
            known = {each.address.slug for each in view.by_kind.get(spec.slug_refers_to.kind, ())}
            yield from (each for each in objects if each.address.slug not in known)


def _references(declared: Declared) -> Iterator[tuple[Address, Reference, SourceRef]]:
    """What an object refers to, each with the place where it says so."""
    for target, reference in references(declared.address, {}):
        yield target, reference, declared.entry.key_ref
    for field, _ in spec_of(declared.address.kind).referring_fields:
        entry = declared.field(field.name)
        if entry is None:
            continue
        value = entry.node.value
        nodes = value if isinstance(value, tuple) else () if field.is_set else (entry.node,)
        for node in nodes:
            for target, reference in field_references(field, node.value):
                yield target, reference, node.ref


def _hint(target: Address, view: CatalogView, suggestions: Suggestions) -> str:
    if target.slug == EXTENDS:
        return EXTENDS_GOES
    if target in view.removed:
        return f"{view.removed[target]} takes it away: take this away in that overlay as well"
    known = view.by_kind.get(target.kind, ())
    meant = suggestions.meant(target.slug, (each.address.slug for each in known))
    section = spec_of(target.kind).section
    return meant or (
        f"declare it under `{section}:`, or exclude it from `scope` if it is declared elsewhere"
    )
