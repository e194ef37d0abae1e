"""What must be there, and what must not be null, in the merged catalog."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.registry import child_kinds, spec_of
from kaiten_sync.model.declared import CatalogView
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.settings import Scope


def required_diagnostics(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """Required fields that are missing. A schema cannot ask for them: overlays have few."""
    for declared in view.objects.values():
        # A bare value is the one field that may be written without a map.
        if declared.is_map:
            for name in spec_of(declared.address.kind).required:
                if declared.field(name) is None:
                    kind = declared.address.kind
                    hint = spec_of(kind).missing_hint or f"add `{name}:`"
                    yield declared.diagnostic(
                        "missing-field", f"the {kind} has no `{name}`", hint=hint
                    )


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
