"""What a grant's entitlement takes, said beside a value of it that could not be read.

YAML's own advice is about the text alone: `yes` may be `true`, which a NUMBER does not take.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.kinds.grant_rules import misread_hint
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.document import MergedCatalog
from kaiten_sync.validate.catalog_view import view_catalog

_OF_VALUES = frozenset({"ambiguous-scalar", "non-finite-number", "bad-grant"})
"""Rules that judge a value without its entitlement."""


def with_wanted(found: Iterable[Diagnostic], merged: MergedCatalog) -> Iterator[Diagnostic]:
    """What is found; of a grant's value with what its entitlement takes instead."""
    found = [*found]
    places = {each.ref for each in found if each.rule in _OF_VALUES}
    if not places:
        yield from found
        return
    # With the values that could not be read, which no other rule judges.
    view = view_catalog(merged.changed(broken=frozenset()))
    declared = view.by_kind.get(GRANT.kind, ())
    entries = ((grant, grant.field("value") or grant.entry) for grant in declared)
    grants = {entry.node.ref: (grant, entry.node.value) for grant, entry in entries}
    for each in found:
        met = grants.get(each.ref) if each.ref and each.rule in _OF_VALUES else None
        hint = misread_hint(*met, view) if met else None
        yield each.changed(address=str(met[0].address), hint=hint) if met and hint else each
