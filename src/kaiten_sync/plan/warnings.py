"""What a plan says to whoever reviews it. Warnings are for people and steer nothing."""

from __future__ import annotations

from collections.abc import Iterator

from kaiten_sync.kinds.registry import move_of, spec_of
from kaiten_sync.kinds.spec import FieldSpec
from kaiten_sync.model.change import Change
from kaiten_sync.plan.guards import Case


def warnings(case: Case) -> Iterator[str]:
    """Everything worth a look, by what it is about."""
    yield from _forgotten_drafts(case)
    yield from _displaced(case)


def _forgotten_drafts(case: Case) -> Iterator[str]:
    """A draft that nothing declares as one may be what an interrupted apply left behind."""
    for address in sorted(case.desired.resources, key=lambda each: each.sort_key):
        resource, found = case.desired.resources[address], case.live.resources.get(address)
        for spec in spec_of(address.kind).fields.values():
            is_first = found is not None and found.fields.get(spec.name) == spec.born_as
            if is_first and spec.name not in resource.fields:
                yield (
                    f"{address} is still a {str(spec.born_as).lower()};"
                    f" declare `{spec.name}: {spec.settles_as}` to publish it"
                )


def _displaced(case: Case) -> Iterator[str]:
    """The server clears a sibling's flag when another object of its family gets it."""
    moved = {(c.address, f.name) for c in case.changes for f in c.fields}
    for change in case.changes:
        spec = _taken_field(change)
        if spec is None or change.address not in case.live.resources:
            continue
        for sibling in case.families.siblings(change.address):
            found = case.live.resources.get(sibling)
            has_it = found is not None and found.fields.get(spec.name) is True
            if has_it and (sibling, spec.name) not in moved:
                yield f"{change.address} takes the default of its family from {sibling}"


def _taken_field(change: Change) -> FieldSpec | None:
    """The field that a change takes from its siblings."""
    moved = move_of(change.address.kind, change.action)
    return moved[0] if moved is not None and moved[0].one_per and moved[1].after is True else None
