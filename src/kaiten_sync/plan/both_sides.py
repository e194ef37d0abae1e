"""The plans of two branches that were merged, as one record of what was agreed. Stage 5.

Each side planned from its own catalog. What either managed, or was to delete, is owned; what either
protects is protected. The record is never applied: it is only what the next plan takes over.
"""

from __future__ import annotations

from collections.abc import Sequence

from kaiten_sync.model.change import Action
from kaiten_sync.model.plan import Plan


def of_both_sides(sides: Sequence[Plan]) -> Plan:
    """One plan that owns what each of these owns. There is at least one."""
    ours, *others = sides
    for theirs in others:
        known = {change.address for change in ours.changes if change.action == Action.DELETE}
        deletes = tuple(
            change
            for change in theirs.changes
            if change.action == Action.DELETE and change.address not in known
        )
        guards = ours.guards.changed(
            protected=ours.guards.protected | theirs.guards.protected,
            allowed=ours.guards.allowed | theirs.guards.allowed,
        )
        ours = ours.changed(
            changes=(*ours.changes, *deletes),
            # Where both manage an object, the fingerprint of the first side stays.
            managed={**theirs.managed, **ours.managed},
            guards=guards,
        )
    return ours
