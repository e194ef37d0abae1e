"""What must be there, and what must not be null, in the merged catalog."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.registry import SPECS
from kaiten_sync.model.address import Kind
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.settings import Scope
from kaiten_sync.validate.catalog_view import GRANTS, CatalogView, Declared


def required_findings(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """Required fields that are missing. A schema cannot ask for them: overlays have few."""
    for declared in view.all():
        if declared.is_map:
            for name in SPECS[declared.address.kind].required:
                if declared.field(name) is None:
                    yield _missing(declared, name)


def null_findings(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """Objects without content. Null means "remove" in an overlay, and nothing in a base file."""
    for declared in view.all():
        if declared.entry.node.value is None:
            yield _empty(declared)
    for declared in view.licenses.values():
        if declared.field(GRANTS) is not None and not declared.is_set(GRANTS):
            yield declared.finding(
                "null-field",
                f"`{GRANTS}` is null",
                at=GRANTS,
                hint=f"write `{GRANTS}: {{}}` for no grants, or leave the line out to keep them",
            )


def _missing(declared: Declared, name: str) -> Diagnostic:
    kind = declared.address.kind
    if kind is Kind.GRANT:
        hint = "add `value`; what a CONFIG entitlement takes goes below it: `{value: {...}}`"
        return declared.finding("missing-field", f"the grant has no `{name}`", hint=hint)
    return declared.finding("missing-field", f"the {kind} has no `{name}`", hint=f"add `{name}:`")


def _empty(declared: Declared) -> Diagnostic:
    if declared.address.kind is Kind.GRANT:
        return declared.finding(
            "empty-object",
            "the grant has no value",
            hint="write a number, `unlimited` or true/false, or remove the line",
        )
    return declared.finding(
        "empty-object",
        f"the {declared.address.kind} is empty",
        hint="declare its fields below it, or remove the line",
    )
