"""Who owns what: the previous plan of a target is the record of what was agreed (ADR 10).

A plan owns what it manages, and what it is itself to delete: until that is done, planning again
must not forget it.
"""

from __future__ import annotations

from collections.abc import Iterable

from kaiten_sync.kinds.grant import GRANT
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action, Change
from kaiten_sync.model.drift import Difference, DriftClass
from kaiten_sync.model.plan import Plan
from kaiten_sync.model.resource import DesiredState
from kaiten_sync.model.settings import Prune, Scope

OWNED_REASON = "no longer declared; an earlier plan managed it"
GRANT_REASON = "its license goes"


def owned_by(previous: Plan | None) -> frozenset[Address]:
    """What may be deleted once it is no longer declared."""
    if previous is None:
        return frozenset()
    return frozenset(previous.managed) | (deleted(previous.changes) - _borrowed(previous))


def forgotten(desired: DesiredState, scope: Scope, owned: frozenset[Address]) -> frozenset[Address]:
    """What is owned, in scope, and no longer declared. A license can leave its grants alone."""
    return frozenset(
        address
        for address in owned - desired.resources.keys()
        if scope.covers(address)
        and (address.parent not in desired.resources or desired.owns_place_of(address))
    )


def deleted(changes: Iterable[Change]) -> frozenset[Address]:
    """What changes delete."""
    return frozenset(c.address for c in changes if c.action == Action.DELETE)


def is_pruned(difference: Difference, prune: Prune, owned: frozenset[Address]) -> bool:
    """Whether a live object that is not declared is to be deleted."""
    if difference.drift is not DriftClass.UNMANAGED:
        return False
    return prune is Prune.ALL or (prune is Prune.OWNED and difference.address in owned)


def pruned(
    differences: Iterable[Difference], prune: Prune, owned: frozenset[Address]
) -> frozenset[Address]:
    """What is to be deleted, but for the grants that go with their license."""
    return frozenset(d.address for d in differences if is_pruned(d, prune, owned))


def _borrowed(plan: Plan) -> frozenset[Address]:
    """Grants that a plan never owned and may delete because `--allow` named their license.

    They stand beside their license in what was allowed, and have to be allowed again.
    """
    allowed = plan.guards.allowed
    return frozenset(a for a in allowed if a.kind == GRANT.kind and a.parent in allowed)
