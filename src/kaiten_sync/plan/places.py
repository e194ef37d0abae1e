"""Where the objects that diagnostics are about are declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kaiten_sync.model.address import Address
from kaiten_sync.model.diagnostic import Diagnostic
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.source import SourceRef


def with_places(
    diagnostics: Iterable[Diagnostic], places: Mapping[Address, SourceRef]
) -> tuple[Diagnostic, ...]:
    """The diagnostics, each with the place of its object, unless it has a closer one itself."""
    found = tuple(diagnostics)
    by_address = {str(address): ref for address, ref in places.items()} if found else {}
    return tuple(
        each if each.ref or not each.address else each.changed(ref=by_address.get(each.address))
        for each in found
    )


def declared_places(plan: Plan) -> dict[Address, SourceRef]:
    """Where the changed objects of a plan are declared; what it deletes is declared nowhere."""
    return {change.address: change.source for change in plan.changes if change.source}
