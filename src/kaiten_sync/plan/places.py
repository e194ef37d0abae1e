"""Where the objects that diagnostics are about are declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Change
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


def as_declared(
    diagnostics: Iterable[Diagnostic], changes: Iterable[Change]
) -> tuple[Diagnostic, ...]:
    """The diagnostics about changed objects, each about the object as it is declared.

    A message that begins with an object names the right one itself.
    """
    found = tuple(diagnostics)
    declared = {str(each.address): str(each.declared) for each in changes} if found else {}
    return tuple(
        each
        if each.address is None or each.headline == each.message
        else each.changed(address=declared.get(each.address, each.address))
        for each in found
    )


def declared_places(plan: Plan) -> dict[Address, SourceRef]:
    """Where the changed objects of a plan are declared; what it deletes is declared nowhere."""
    return {
        address: change.source
        for change in plan.changes
        if change.source
        for address in (change.address, change.declared)
    }
