"""Members of what a plan deletes: they stay on the server, and are no longer in it. Stage 5.

A note and not a warning: who else is in a group may change before the plan is applied, and the
plan does not rest on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from kaiten_sync.kinds.references import field_references
from kaiten_sync.kinds.registry import all_kinds, spec_of
from kaiten_sync.model.address import Address
from kaiten_sync.model.change import Action
from kaiten_sync.model.diagnostic import Diagnostic, Severity
from kaiten_sync.plan.guards import Case

_NAMED = 3
"""Members that a note names; the others are counted."""


def members_left(case: Case) -> Iterator[Diagnostic]:
    """Each deleted object that others are in, as far as they were read, and who they are."""
    for target, members in sorted(_members(case).items(), key=lambda each: each[0].sort_key):
        yield Diagnostic(
            rule="loses-members",
            message=f"{target} is deleted, and {_said(members)} no longer in it",
            severity=Severity.NOTE,
            address=str(target),
            hint="a catalog that declares them in it gets no plan until that is removed",
        )


def _members(case: Case) -> dict[Address, list[Address]]:
    deleted = {each.address for each in case.changes if each.action == Action.DELETE}
    kinds = {each.kind for each in deleted}
    fields = {
        spec.kind: [
            field
            for field, reference in spec.referring_fields
            if reference.is_strict and spec_of(reference.kind).kind in kinds
        ]
        for spec in all_kinds()
    }
    found: dict[Address, list[Address]] = defaultdict(list)
    if not any(fields.values()):
        return found
    # What the plan itself takes out is among its changes.
    changed = {(each.address, field.name) for each in case.changes for field in each.fields}
    for address, live in case.live.resources.items():
        for field in fields.get(address.kind, ()):
            if address in deleted or (address, field.name) in changed:
                continue
            for target, _ in field_references(field, live.fields.get(field.name)):
                if target in deleted:
                    found[target].append(address)
    return found


def _said(members: Sequence[Address]) -> str:
    named = sorted(members, key=lambda each: each.sort_key)
    if len(named) == 1:
        return f"{named[0]} is"
    if len(named) > _NAMED + 1:
        return f"{', '.join(map(str, named[:_NAMED]))} and {len(named) - _NAMED:,} others are"
    return f"{', '.join(map(str, named[:-1]))} and {named[-1]} are"
