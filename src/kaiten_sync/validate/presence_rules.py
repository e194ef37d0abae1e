"""What must be there, and what must not be null, in the merged catalog."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.meant import misspelled
from kaiten_sync.kinds.registry import child_kinds, spec_of
from kaiten_sync.kinds.spec import EXTENDS, KindSpec
from kaiten_sync.model.declared import CatalogView, Declared
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.settings import Scope


def required_diagnostics(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """Required fields that are missing. A schema cannot ask for them: overlays have few."""
    for declared in view.objects.values():
        # A bare value is the one field that may be written without a map.
        if declared.is_map:
            spec = spec_of(declared.address.kind)
            missing = [name for name in spec.required if declared.field(name) is None]
            if missing:
                yield from _missing(declared, spec, missing)


def _missing(declared: Declared, spec: KindSpec, missing: list[str]) -> Iterator[Diagnostic]:
    kind = declared.address.kind
    # A misspelled field is reported as what it is.
    there = misspelled(declared.entry.node.entries, known_keys(spec))
    slug = declared.address.slug
    if slug in (child.section for child in child_kinds(kind)):
        hint = f"indent `{slug}:` more, if it belongs to the {kind} above it"
        yield declared.diagnostic("missing-field", f"the {kind} has no `{missing[0]}`", hint=hint)
        return
    for name in missing:
        if name not in there:
            hint = spec.missing_hint or f"add `{name}:`"
            yield declared.diagnostic("missing-field", f"the {kind} has no `{name}`", hint=hint)


def is_unread(declared: Declared) -> bool:
    """Whether an object lacks a required field and has none that are known, as if misplaced."""
    spec = spec_of(declared.address.kind)
    keys, known = declared.entry.node.entries.keys(), known_keys(spec)
    is_missing = any(name not in keys for name in spec.required)
    return bool(keys) and is_missing and not keys & known and not misspelled(keys, known)


def known_keys(spec: KindSpec) -> frozenset[str]:
    """What the map of an object can have."""
    children = (child.section for child in child_kinds(spec.kind))
    return frozenset({*(each.name for each in spec.keys), *children, EXTENDS})


def null_diagnostics(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """Objects without content. Null means "remove" in an overlay, and nothing in a base file."""
    for declared in view.objects.values():
        if declared.entry.node.value is None:
            kind = declared.address.kind
            message, hint = spec_of(kind).empty or (
                f"the {kind} is empty",
                "declare its fields below it, or remove the line",
            )
            yield declared.diagnostic("empty-object", message, hint=hint)
        for child in child_kinds(declared.address.kind):
            key = child.section
            if declared.field(key) is not None and not declared.is_set(key):
                yield declared.diagnostic(
                    "null-field",
                    f"`{key}` is null",
                    at=key,
                    hint=f"write `{key}: {{}}` for no {child.plural},"
                    " or leave the line out to keep them",
                )
