"""Finds everything wrong with a merged catalog: its shape by schema, then its meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from kaiten_sync.kinds.registry import all_kinds
from kaiten_sync.model.declared import CatalogView
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import MergedCatalog
from kaiten_sync.model.settings import Scope
from kaiten_sync.validate.catalog_view import view_catalog
from kaiten_sync.validate.presence_rules import null_findings, required_findings
from kaiten_sync.validate.reference_rules import reference_findings, scope_findings
from kaiten_sync.validate.schema_findings import schema_findings


def kind_findings(view: CatalogView, _scope: Scope) -> Iterator[Diagnostic]:
    """What the rules of the kinds themselves find."""
    for spec in all_kinds():
        for rule in spec.rules:
            yield from rule(view.by_kind.get(spec.kind, ()), view)


_Rule = Callable[[CatalogView, Scope], Iterable[Diagnostic]]

_ALWAYS: tuple[_Rule, ...] = (
    null_findings,
    scope_findings,
    kind_findings,
)
_IF_COMPLETE: tuple[_Rule, ...] = (required_findings, reference_findings)
"""What an unreadable file may hold is not reported as missing."""


def check(merged: MergedCatalog, scope: Scope | None = None) -> tuple[Diagnostic, ...]:
    """All findings, sorted by place. What was reported when it was read is not repeated."""
    view = view_catalog(merged)
    rules = (*_ALWAYS, *_IF_COMPLETE) if merged.is_complete else _ALWAYS
    found = [*schema_findings(merged)]
    for rule in rules:
        found.extend(rule(view, scope or Scope()))
    fresh = {finding.sort_key: finding for finding in found if finding.ref not in merged.broken}
    return tuple(
        replace(fresh[key], line_text=merged.line_text(fresh[key].ref)) for key in sorted(fresh)
    )
