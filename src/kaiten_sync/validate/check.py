"""Finds everything wrong with a merged catalog: its shape by schema, then its meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kaiten_sync.kinds.grant_rules import PASTED
from kaiten_sync.kinds.meant import NO_SPACE
from kaiten_sync.kinds.registry import all_kinds
from kaiten_sync.model.declared import CatalogView
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import MergedCatalog
from kaiten_sync.model.settings import Scope
from kaiten_sync.validate.catalog_view import view_catalog
from kaiten_sync.validate.presence_rules import is_unread, null_diagnostics, required_diagnostics
from kaiten_sync.validate.reference_rules import reference_diagnostics, scope_diagnostics
from kaiten_sync.validate.schema_diagnostics import schema_diagnostics


def kind_diagnostics(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """What the rules of the kinds themselves find."""
    for spec in all_kinds():
        for rule in spec.rules:
            yield from rule(view.by_kind.get(spec.kind, ()), view)


_Rule = Callable[[CatalogView, Scope], Iterable[Diagnostic]]

_ALWAYS: tuple[_Rule, ...] = (
    null_diagnostics,
    scope_diagnostics,
    kind_diagnostics,
)
_IF_COMPLETE: tuple[_Rule, ...] = (required_diagnostics, reference_diagnostics)
"""What an unreadable file may hold is not reported as missing."""


def check(
    merged: MergedCatalog, scope: Scope | None = None, *, written: MergedCatalog | None = None
) -> tuple[Diagnostic, ...]:
    """All diagnostics, sorted by place. What was reported when it was read is not repeated.

    `written` is the catalog as it is written, with `extends` and bundles, if it has any: its shape
    is judged, and the meaning of the `merged` one, in which every object is written out.
    """
    view = view_catalog(merged)
    rules = (*_ALWAYS, *_IF_COMPLETE) if merged.is_complete else _ALWAYS
    found = [*schema_diagnostics(written or merged)]
    for rule in rules:
        found.extend(rule(view, scope or Scope()))
    found = [*_without_echoes(found, view)]
    fresh: dict[tuple[str, int, int, str, str], Diagnostic] = {}
    for each in found:
        if each.ref not in merged.broken:
            # what is wrong with an inherited object is said once, of the one that declares it
            is_first = each.sort_key not in fresh or (each.ref and not each.ref.through)
            fresh[each.sort_key] = each if is_first else fresh[each.sort_key]
    return tuple(
        fresh[key].changed(line_text=merged.line_text(fresh[key].ref)) for key in sorted(fresh)
    )


def _without_echoes(found: list[Diagnostic], view: CatalogView) -> Iterator[Diagnostic]:
    """What is found, without what follows from another mistake in the same place."""
    malformed = {each.ref for each in found if each.rule == "bad-slug"}
    swallowing = {each.address for each in found if each.hint == NO_SPACE}
    pasted = {each.address for each in found if each.rule == PASTED}
    unknown = {each.address for each in found if each.rule == "unknown-field"}
    unread = {
        str(address)
        for address, declared in (view.objects.items() if unknown else ())
        if str(address) in unknown and is_unread(declared)
    }
    for each in found:
        is_echo = (
            (each.rule.startswith("undeclared-") and each.ref in malformed)
            or (each.hint != NO_SPACE and each.address in swallowing)
            or (each.rule != PASTED and each.address in pasted)
            or (each.rule == "unknown-field" and each.address in unread)
        )
        if not is_echo:
            yield each
