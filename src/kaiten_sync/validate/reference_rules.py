"""What names something else: grants name entitlements, entitlements name groups."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from kaiten_sync.model.address import Address, Kind, entitlement_address, group_address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.settings import Scope
from kaiten_sync.validate.catalog_view import CatalogView, Declared


def reference_findings(view: CatalogView, scope: Scope) -> Iterator[Diagnostic]:
    """Names of objects that are not declared, unless another repository declares them."""
    for grant in view.grants:
        slug = grant.address.slug
        if slug not in view.entitlements and scope.covers(entitlement_address(slug)):
            yield grant.finding(
                "undeclared-entitlement",
                f"the entitlement '{slug}' is not declared",
                hint=_hint(slug, Kind.ENTITLEMENT, view.entitlements),
            )
    for entitlement in view.entitlements.values():
        yield from _group_findings(entitlement, view, scope)


def scope_findings(view: CatalogView, scope: Scope) -> Iterator[Diagnostic]:
    """Objects that are declared here although the project file says they are not ours."""
    for declared in view.all():
        if declared.address.kind is not Kind.GRANT and not scope.covers(declared.address):
            yield declared.finding(
                "outside-scope",
                f"the project's scope leaves out {declared.address}",
                hint="remove it here, or widen `scope` in kaiten-sync.yaml",
            )


def _group_findings(entitlement: Declared, view: CatalogView, scope: Scope) -> Iterator[Diagnostic]:
    groups = entitlement.field("groups")
    items = groups.node.value if groups is not None else None
    for item in items if isinstance(items, tuple) else ():
        slug = item.value
        if not isinstance(slug, str) or slug in view.groups:
            continue
        if _is_ours(group_address(slug), scope):
            yield entitlement.finding_at(
                item.ref,
                "undeclared-group",
                f"the group '{slug}' is not declared",
                _hint(slug, Kind.GROUP, view.groups),
            )


def _is_ours(address: Address, scope: Scope) -> bool:
    return scope.covers(address)


def _hint(slug: str, kind: Kind, known: Collection[str]) -> str:
    close = get_close_matches(slug, sorted(known), n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"declare it under `{kind}s:`, or exclude it from `scope` if it is declared elsewhere"
